import { installFindings, machineProblems } from "./checks.ts";
import { configurationOf, directoriesOf } from "./configuration.ts";
import { clientValues } from "./client-values.ts";
import {
  addEventSource,
  closeFirewall,
  layConfiguration,
  openFirewall,
  removeEventSource,
} from "./host-steps.ts";
import { type Build, placesOf, SERVICE } from "./places.ts";
import { type Plan, refusal, type Step } from "./plan.ts";
import { type Archive, layProgram } from "./program-steps.ts";
import type { PlanRequest } from "./request.ts";
import { createService, deleteService, startService, stopService } from "./service.ts";

/** What of this build is to be installed. */
export interface Program extends Build, Archive {
  /** Version of the Node that runs it. */
  readonly node: string;
}

/** Installs the agent. What is undone when a step fails are the traces in Windows; configuration, key and pools stay. */
export function installPlan(request: PlanRequest, program: Program): Plan {
  const places = placesOf(request, program);
  const configuration = configurationOf(request, places);
  const findings = installFindings(request, configuration.config, places);
  const problems = [...machineProblems(request, program.node), ...findings.problems];
  if (problems.length > 0) return refusal(problems, findings.warnings);
  const { clustered, excludeFromDefender } = request.wishes;
  const exclusions = directoriesOf(configuration.config).map((path): Step => ({
    kind: "excludeFromDefender",
    about: "let Microsoft Defender leave the pool alone",
    path,
  }));
  return {
    problems: [],
    warnings: findings.warnings,
    steps: [
      ...layProgram(request, places, program),
      ...layConfiguration(request, places, configuration),
      addEventSource(request),
      ...openFirewall(request, configuration),
      ...(excludeFromDefender ? exclusions : []),
      ...createService(request, places),
      ...(clustered ? [] : startService(request, places)),
    ],
    undo: [
      ...stopService(request),
      deleteService(request),
      closeFirewall(request),
      removeEventSource(request),
      { kind: "removeProgramDirectory", about: "remove the program", path: places.program },
    ],
    closing: [
      ...(clustered ? clusterSteps(program) : []),
      ...clientValues(request, configuration.config, places),
    ],
  };
}

function clusterSteps({ version }: Build): string[] {
  return [
    `Install version ${version} on each member of the cluster in the same way, with the same -ConfigDirectory.`,
    `Then make the role, once: Add-ClusterGenericServiceRole -ServiceName ${SERVICE} -Name ${SERVICE}`,
    "Give the role an address that clients reach, and let the pools' volumes go with it: the page of the installation says how.",
  ];
}

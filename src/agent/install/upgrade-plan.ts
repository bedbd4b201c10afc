import { machineProblems } from "./checks.ts";
import type { Program } from "./install-plan.ts";
import { placesOf } from "./places.ts";
import { type Plan, refusal } from "./plan.ts";
import { layProgram } from "./program-steps.ts";
import type { PlanRequest } from "./request.ts";
import { changeService, serviceCommandLine, startService, stopService } from "./service.ts";

/**
 * Brings another build beside the one that runs, and lets the service run it. Configuration, keys and volumes are not
 * touched. When it is not ready in time, the service runs the build before again.
 */
export function upgradePlan(request: PlanRequest, program: Program): Plan {
  const places = placesOf(request, program);
  const { service, configuration } = request.facts;
  const { clustered } = request.wishes;
  const commandLine = serviceCommandLine(places);
  const problems = machineProblems(request, program.node);
  if (service === null) problems.push("the agent is not installed: install.ps1 does that");
  else if (service.commandLine.toLowerCase().includes(`${places.program.toLowerCase()}\\`)) {
    problems.push(`the service runs this build already, from ${places.program}`);
  }
  if (configuration === null) problems.push(`${places.configFile} is not there: give -ConfigDirectory`);
  if (clustered && service?.running === true) {
    problems.push("the cluster runs the agent on this member: move the role to another one first");
  }
  if (service === null || problems.length > 0) return refusal(problems, []);
  const isIdle = clustered || !service.running;
  return {
    problems: [],
    warnings: isIdle ? ["the service does not run: the new version is tried when it is started"] : [],
    steps: [
      ...layProgram(request, places, program),
      ...(isIdle ? [] : stopService(request)),
      changeService(request, commandLine),
      ...(isIdle ? [] : startService(request, places)),
    ],
    undo: [
      ...(isIdle ? [] : stopService(request)),
      changeService(request, service.commandLine),
      ...(isIdle ? [] : startService(request, places).slice(0, 2)),
      { kind: "removeProgramDirectory", about: "remove the new version", path: places.program },
    ],
    closing: [
      `Version ${program.version} is installed. The version before stays in ${places.programs} until you remove its directory.`,
    ],
  };
}

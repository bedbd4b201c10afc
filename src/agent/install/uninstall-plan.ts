import { type Configuration, configurationOf, directoriesOf } from "./configuration.ts";
import { closeFirewall, removeEventSource } from "./host-steps.ts";
import { type Build, placesOf } from "./places.ts";
import { type Plan, refusal, type Step } from "./plan.ts";
import type { PlanRequest } from "./request.ts";
import { deleteService, stopService } from "./service.ts";

/** Takes the service and the program away. Volumes, configuration and keys stay, and disks stay attached. */
export function uninstallPlan(request: PlanRequest, build: Build): Plan {
  const places = placesOf(request, build);
  const { facts, wishes } = request;
  const problems: string[] = [];
  if (!facts.isAdministrator) problems.push("this needs an administrator");
  if (wishes.clustered && facts.service?.running === true) {
    problems.push("the cluster runs the agent on this member: remove or move the role first");
  }
  if (problems.length > 0) return refusal(problems, []);
  const pools = poolsIn(request, () => configurationOf(request, places));
  return {
    problems: [],
    warnings: [],
    steps: [
      ...(facts.service === null ? [] : [...stopService(request), deleteService(request)]),
      closeFirewall(request),
      removeEventSource(request),
      ...(wishes.excludeFromDefender ? pools : []).map((path): Step => ({
        kind: "includeInDefender",
        about: "let Microsoft Defender look at the pool",
        path,
      })),
      { kind: "removeProgramDirectory", about: "remove all versions of the program", path: places.programs },
    ],
    undo: [],
    closing: [
      "No volume was touched, and disks that are attached to VMs stay attached.",
      ...pools.map((path) => `Volumes stay in ${path}.`),
      `Configuration, keys and logs stay in ${places.config}.`,
    ],
  };
}

/** A configuration that can't be read is no reason to keep the program. */
function poolsIn({ facts }: PlanRequest, read: () => Configuration): string[] {
  if (facts.configuration === null) return [];
  try {
    return directoriesOf(read().config);
  } catch {
    return [];
  }
}

import type { Topology__Output } from "../csi/generated/csi/v1/Topology.ts";
import type { TopologyRequirement__Output } from "../csi/generated/csi/v1/TopologyRequirement.ts";
import { StatusError } from "../kit/errors.ts";

/** The groups that topologies name, each once, in their order. One without our key says nothing about where. */
export function groupNamesIn(topologies: readonly Topology__Output[] | undefined, key: string): string[] {
  const names = (topologies ?? []).map(({ segments }) => segments[key]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

/** @throws StatusError RESOURCE_EXHAUSTED where a topology leaves out the group that a copy has to lie in */
export function requireReachable(
  group: string,
  requirement: TopologyRequirement__Output | null,
  key: string,
): void {
  const topologies = [...(requirement?.preferred ?? []), ...(requirement?.requisite ?? [])];
  const wanted = groupNamesIn(topologies, key);
  if (wanted.length === 0 || wanted.includes(group)) return;
  throw new StatusError(
    "RESOURCE_EXHAUSTED",
    `the source is in group ${group}, which the topology asked for leaves out: ${wanted.join(", ")}`,
  );
}

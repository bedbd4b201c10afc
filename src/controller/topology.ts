import type { Topology__Output } from "../csi/generated/csi/v1/Topology.ts";

/** The groups that topologies name, each once, in their order. One without our key says nothing about where. */
export function groupNamesIn(topologies: readonly Topology__Output[] | undefined, key: string): string[] {
  const names = (topologies ?? []).map(({ segments }) => segments[key]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

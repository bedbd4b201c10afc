import type { ControllerRpcs } from "../csi/rpc.ts";
import { readCapability } from "../csi/volume-capability.ts";
import { StatusError } from "../kit/errors.ts";
import { unlessGone } from "../kit/unless-gone.ts";
import { readClassParameters } from "./class-parameters.ts";
import type { Group } from "./groups.ts";
import type { ControllerParts } from "./parts.ts";
import { checkUses, type VolumeParameters } from "./volume-parameters.ts";

/** What new volumes can still have: in the group that the topology names, or in all together. */
export function getCapacity(parts: ControllerParts): ControllerRpcs["GetCapacity"] {
  return async (request, call) => {
    const parameters = readClassParameters(request.parameters);
    if (!isPossible(parameters, request.volume_capabilities)) return { available_capacity: 0 };
    const segments = request.accessible_topology?.segments;
    const groups = segments === undefined ? parts.groups.all() : groupsIn(parts, segments);
    const { pool } = parameters;
    const asked = groups.map(({ agent }) => agent.capacity(pool, call));
    // Where the group has no such pool, nothing can be made of it; another group may have it.
    const answers = (await Promise.all(pool === undefined ? asked : asked.map(unlessGone))).filter(
      (answer) => answer !== undefined,
    );
    if (answers.length === 0) return { available_capacity: 0 };
    return {
      available_capacity: answers.reduce((sum, { AvailableCapacity }) => sum + AvailableCapacity, 0),
      maximum_volume_size: { value: Math.max(...answers.map(({ MaximumVolumeSize }) => MaximumVolumeSize)) },
      minimum_volume_size: { value: Math.min(...answers.map(({ MinimumVolumeSize }) => MinimumVolumeSize)) },
    };
  };
}

function isPossible(
  parameters: VolumeParameters,
  capabilities: Parameters<typeof readCapability>[0][],
): boolean {
  try {
    checkUses(parameters, capabilities.map(readCapability));
    return true;
  } catch (error) {
    if (error instanceof StatusError) return false;
    throw error;
  }
}

/** The groups of a topology segment; one with other keys only says nothing about where a volume is. */
function groupsIn({ groups, names }: ControllerParts, segments: Readonly<Record<string, string>>): Group[] {
  const name = segments[names.topologyKey];
  if (name === undefined) return groups.all();
  const group = groups.get(name);
  return group === undefined ? [] : [group];
}

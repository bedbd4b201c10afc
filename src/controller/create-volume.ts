import type { ClientCall } from "../agent-client/agent-client.ts";
import type { CapacityRange__Output } from "../csi/generated/csi/v1/CapacityRange.ts";
import type { TopologyRequirement__Output } from "../csi/generated/csi/v1/TopologyRequirement.ts";
import { formatHandle } from "../csi/handle.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { ControllerRpcs } from "../csi/rpc.ts";
import { readCapabilities } from "../csi/volume-capability.ts";
import { encodeVolumeContext } from "../csi/volume-context.ts";
import { StatusError } from "../kit/errors.ts";
import { type Range, readRange } from "./capacity-range.ts";
import { type ContentSource, findContentSource } from "./content-source.ts";
import type { Group } from "./groups.ts";
import { checkName } from "./names.ts";
import { readMutable } from "./mutable-parameters.ts";
import type { ControllerParts } from "./parts.ts";
import { checkUses, fillTemplates, readParameters, smallestFor } from "./volume-parameters.ts";

/** Idempotent by name: an equal request finds the volume that the first one made. */
export function createVolume(parts: ControllerParts): ControllerRpcs["CreateVolume"] {
  return async (request, call) => {
    requireFields(request, "name", "volume_capabilities");
    checkName(request.name);
    const uses = readCapabilities(request.volume_capabilities);
    const parameters = readParameters(request.parameters);
    checkUses(parameters, uses);
    const { fileName, labels } = fillTemplates(parameters, request.parameters);
    const mutable = readMutable(request.mutable_parameters);
    const range = readRange(request.capacity_range, smallestFor(parameters, uses));
    const { name, accessibility_requirements: topology, volume_content_source: content } = request;
    const source = content === null ? undefined : await findContentSource(parts.groups, content, call);
    const group =
      source === undefined
        ? await chooseGroup(parts, name, topology, call)
        : requireReachable(parts, source.group, topology);
    const size = sizeOf(range, request.capacity_range, source);
    const { diskType, diskBlockSize, pool } = parameters;
    const options = {
      ...size,
      ...source?.query,
      ...(pool === undefined ? {} : { pool }),
      ...(diskType === undefined ? {} : { type: diskType }),
      ...(diskBlockSize === undefined ? {} : { blockSize: diskBlockSize }),
      ...(fileName === undefined ? {} : { fileName }),
      labels: { ...labels, ...mutable.labels },
      attributes: mutable.attributes,
    };
    const volume = await group.agent.createVolume(name, options, call);
    return {
      volume: {
        content_source: content,
        volume_id: formatHandle(group.name, volume.id),
        capacity_bytes: volume.size,
        volume_context: encodeVolumeContext(parameters),
        accessible_topology: [{ segments: { [parts.names.topologyKey]: group.name } }],
      },
    };
  };
}

/** A copy that nobody gave a size is as large as its source; any size that the range allows will do. */
function sizeOf(
  { required, limit }: Range,
  asked: CapacityRange__Output | null,
  source: ContentSource | undefined,
): { size: bigint; limit: bigint } {
  if (source === undefined) return { size: required, limit };
  if (limit < source.size) {
    throw new StatusError(
      "OUT_OF_RANGE",
      `a copy has at least the ${source.size} bytes of its source; limit_bytes is ${limit}`,
    );
  }
  const isFree = asked === null || asked.required_bytes === "0";
  return { size: isFree || required < source.size ? source.size : required, limit };
}

/** @throws StatusError RESOURCE_EXHAUSTED where the topology leaves out the group that a copy has to lie in */
function requireReachable(
  { names }: ControllerParts,
  group: Group,
  requirement: TopologyRequirement__Output | null,
): Group {
  const wanted = segmentsOf(requirement, names.topologyKey);
  if (wanted.length === 0 || wanted.includes(group.name)) return group;
  throw new StatusError(
    "RESOURCE_EXHAUSTED",
    `the source is in group ${group.name}, which the topology asked for leaves out: ${wanted.join(", ")}`,
  );
}

function segmentsOf(requirement: TopologyRequirement__Output | null, topologyKey: string): string[] {
  return [...(requirement?.preferred ?? []), ...(requirement?.requisite ?? [])]
    .map(({ segments }) => segments[topologyKey])
    .filter((segment) => segment !== undefined);
}

/** The preferred group of those that the topology allows, else the one that has the name, or the most room. */
async function chooseGroup(
  { groups, names }: ControllerParts,
  name: string,
  requirement: TopologyRequirement__Output | null,
  call: ClientCall,
): Promise<Group> {
  const wanted = segmentsOf(requirement, names.topologyKey);
  if (wanted.length > 0) {
    const known = wanted.flatMap((segment) => groups.get(segment) ?? []);
    if (known[0] !== undefined) return known[0];
    throw new StatusError(
      "RESOURCE_EXHAUSTED",
      `no agent serves the topology asked for: ${wanted.join(", ")}`,
    );
  }
  const candidates = groups.all();
  if (candidates.length === 1 && candidates[0] !== undefined) return candidates[0];
  return (await groupThatHas(name, candidates, call)) ?? (await roomiest(candidates, call));
}

/** Room changes, a repeated request must not: the group of those that answer in which the name exists. */
async function groupThatHas(
  name: string,
  groups: readonly Group[],
  call: ClientCall,
): Promise<Group | undefined> {
  const answers = await Promise.allSettled(groups.map(({ agent }) => agent.getVolume(name, call)));
  return groups.find((_group, index) => {
    const answer = answers[index];
    return answer?.status === "fulfilled" && answer.value.name === name;
  });
}

async function roomiest(groups: readonly Group[], call: ClientCall): Promise<Group> {
  const answers = await Promise.allSettled(
    groups.map(async (group) => ({
      group,
      room: (await group.agent.capacity(undefined, call)).AvailableCapacity,
    })),
  );
  const reachable = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
  const best = reachable.sort((one, other) => other.room - one.room)[0];
  if (best !== undefined) return best.group;
  throw new StatusError("UNAVAILABLE", "no agent answers");
}

import type { VolumeAnswer } from "../agent-client/wire.ts";
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
import { type Placed, Placement } from "./placement.ts";
import { requireReachable } from "./topology.ts";
import { checkUses, fillTemplates, readParameters, smallestFor } from "./volume-parameters.ts";

/** Idempotent by name: an equal request finds the volume that the first one made. */
export function createVolume(parts: ControllerParts): ControllerRpcs["CreateVolume"] {
  const placement = new Placement(parts);
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
    const source = content === null ? undefined : await findContentSource(parts.groups, content, name, call);
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
    const create = (group: Group) => group.agent.createVolume(name, options, call);
    const { group, volume } =
      source === undefined
        ? await placement.place({ name, size: size.size, pool }, topology, create, call)
        : await createBeside(parts, source.group, topology, create);
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
    if (source.isGone) {
      throw new StatusError(
        "ALREADY_EXISTS",
        `the volume exists with ${source.size} bytes; limit_bytes is ${limit}`,
      );
    }
    throw new StatusError(
      "OUT_OF_RANGE",
      `a copy has at least the ${source.size} bytes of its source; limit_bytes is ${limit}`,
    );
  }
  const isFree = asked === null || asked.required_bytes === "0";
  return { size: isFree || required < source.size ? source.size : required, limit };
}

/** @throws StatusError RESOURCE_EXHAUSTED where the topology leaves out the group that a copy has to lie in */
async function createBeside(
  { names }: ControllerParts,
  group: Group,
  requirement: TopologyRequirement__Output | null,
  create: (group: Group) => Promise<VolumeAnswer>,
): Promise<Placed> {
  requireReachable(group.name, requirement, names.topologyKey);
  return { group, volume: await create(group) };
}

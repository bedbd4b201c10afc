import type { ClientCall } from "../../agent-client/agent-client.ts";
import type { GetMetadataAllocatedRequest__Output } from "../../csi/generated/csi/v1/GetMetadataAllocatedRequest.ts";
import type { GetMetadataDeltaRequest__Output } from "../../csi/generated/csi/v1/GetMetadataDeltaRequest.ts";
import type { GetMetadataDeltaResponse } from "../../csi/generated/csi/v1/GetMetadataDeltaResponse.ts";
import { requireFields } from "../../csi/required-fields.ts";
import type { SnapshotMetadataRpcs } from "../../csi/rpc.ts";
import type { StreamCall } from "../../csi/streaming.ts";
import { DEFAULT_BUDGET_MS } from "../../kit/deadline.ts";
import { StatusError } from "../../kit/errors.ts";
import { parseInt64 } from "../../kit/sizes.ts";
import type { Place } from "../groups.ts";
import type { ControllerParts } from "../parts.ts";
import { existingSnapshot } from "../snapshot-place.ts";

/** Stretches in one answer: some 20 bytes each, far below what gRPC clients take. */
const USUAL_RESULTS = 1000;
const MOST_RESULTS = 10_000;

/** The SnapshotMetadata service: which bytes of a snapshot hold data, or have changed. */
export function snapshotMetadataService({ groups }: ControllerParts): SnapshotMetadataRpcs {
  return {
    GetMetadataAllocated: async function* (request: GetMetadataAllocatedRequest__Output, call) {
      requireFields(request, "snapshot_id");
      const { place } = await existingSnapshot(groups, request.snapshot_id, callOf(call));
      yield* parts(place, undefined, request, call);
    },
    GetMetadataDelta: async function* (request: GetMetadataDeltaRequest__Output, call) {
      requireFields(request, "base_snapshot_id", "target_snapshot_id");
      const [{ place: base }, { place }] = await Promise.all([
        existingSnapshot(groups, request.base_snapshot_id, callOf(call)),
        existingSnapshot(groups, request.target_snapshot_id, callOf(call)),
      ]);
      if (base.group !== place.group) {
        throw new StatusError(
          "INVALID_ARGUMENT",
          "the snapshots are of different groups, so not of one volume",
        );
      }
      yield* parts(place, base.id, request, call);
    },
  };
}

/** Asks the agent page by page; a broken stream is resumed at `starting_offset`. */
async function* parts(
  { group, id }: Place,
  base: string | undefined,
  request: { readonly starting_offset: string; readonly max_results: number },
  call: StreamCall,
): AsyncGenerator<GetMetadataDeltaResponse> {
  const { max_results } = request;
  if (max_results < 0) throw new StatusError("INVALID_ARGUMENT", "max_results is negative");
  const most = Math.min(max_results === 0 ? USUAL_RESULTS : max_results, MOST_RESULTS);
  let offset: bigint | undefined = readOffset(request.starting_offset);
  while (offset !== undefined) {
    const page = await group.agent.blocks(id, base, offset, most, callOf(call));
    yield {
      block_metadata_type: "VARIABLE_LENGTH",
      volume_capacity_bytes: page.volume_size,
      block_metadata: page.blocks.map((block) => ({ byte_offset: block.offset, size_bytes: block.length })),
    };
    offset = page.next_offset === null ? undefined : BigInt(page.next_offset);
  }
}

function readOffset(text: string): bigint {
  const offset = parseInt64(text);
  if (offset !== undefined && offset >= 0n) return offset;
  throw new StatusError("INVALID_ARGUMENT", "starting_offset is negative");
}

/** Each page has a time of its own: a whole stream may take hours. */
function callOf({ signal, requestId }: StreamCall): ClientCall {
  return { signal, requestId, deadline: performance.now() + DEFAULT_BUDGET_MS };
}

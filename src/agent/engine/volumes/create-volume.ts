import { randomUUID } from "node:crypto";
import { StatusError } from "../../../kit/errors.ts";
import { formatSize } from "../../../kit/sizes.ts";
import { createUnnamedVhdx } from "../../../vhdx/index.ts";
import { creatorText } from "../creator.ts";
import type { CallContext } from "../engine.ts";
import { checkAttributes, checkLabels } from "../labels.ts";
import type { NewVolume, Volume } from "../model.ts";
import { checkDiskName, freeFileName } from "../names.ts";
import type { EngineParts } from "../parts.ts";
import { canBeOpened } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";
import { claimRoom, type NewClaim } from "../pool/room.ts";
import { recordOfVolume } from "../records/entries.ts";
import { bringIn, newVolumeDisk } from "../records/new-disk.ts";
import { factsOf } from "./known-volume.ts";
import { copyOf, isBoundToPool, type Original } from "./copy-disk.ts";
import { requireSameKind, sameVolume } from "./same-volume.ts";
import { layoutFor, type DiskLayout } from "./volume-size.ts";

/** Makes a volume, empty or as a copy, or finds the one that an equal request made. */
export async function createVolume(
  parts: EngineParts,
  request: NewVolume,
  context: CallContext,
): Promise<Volume> {
  checkDiskName("volume", request.name);
  if (request.fileName !== undefined) checkDiskName("file", request.fileName);
  checkLabels(request.labels);
  checkAttributes(request.attributes, parts.host.manifest);
  parts.host.manifest.refuseContradictions(request.attributes);
  const type = typeFor(parts, request);
  // A size that no disk has is told as that, whether the name is taken or not.
  if (request.size !== undefined) layoutFor(request.size, request.blockSize);
  const existing = parts.catalog.volumes.byName(request.name);
  if (existing !== undefined) return await sameVolume(parts, existing, request);
  parts.catalog.refuseLeftAlone(request.name);
  parts.pools.requireAllSeen();

  const original = request.source === undefined ? undefined : await copyOf(parts, request.source);
  if (original !== undefined) await requireSameKind(parts, request, original.disk);
  const layout = layoutOf(request, original);
  if (original !== undefined) await requireRoomInTable(parts, original, layout.size);
  const id = randomUUID();
  const lineage = original?.disk.lineage ?? id;
  const pool = await findRoom(parts, request, original, { id, lineage, size: layout.size });
  try {
    return await makeVolume(parts, pool, { ...request, id, lineage, type, layout }, original, context);
  } catch (error) {
    parts.inventory.claims.delete(id);
    throw error;
  }
}

function typeFor({ host: { manifest } }: EngineParts, { type }: NewVolume): "fixed" | "dynamic" {
  if (type === undefined) return manifest.diskTypes[0] ?? "fixed";
  if (manifest.diskTypes.includes(type)) return type;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `host ${manifest.name} can't attach ${type} disks; use ${manifest.diskTypes.join(" or ")}`,
  );
}

/** The size a new volume gets; a copy is as large as its original unless a larger one is asked for. */
function layoutOf({ size, blockSize }: NewVolume, original: Original | undefined): DiskLayout {
  if (original === undefined) {
    if (size === undefined) throw new StatusError("INVALID_ARGUMENT", "size is missing");
    return layoutFor(size, blockSize);
  }
  const least = original.disk.size;
  if (size === undefined) return layoutFor({ required: least, limit: undefined });
  if (size.limit === undefined ? size.required < least : size.limit < least) {
    throw new StatusError(
      "OUT_OF_RANGE",
      `a copy of ${original.disk.name} has at least its ${least} bytes; ${size.limit ?? size.required} were asked for`,
    );
  }
  return layoutFor({ required: size.required < least ? least : size.required, limit: size.limit });
}

/** A fixed disk's block table stays where it is. @throws StatusError OUT_OF_RANGE for a copy that needs a larger one */
async function requireRoomInTable(parts: EngineParts, { disk }: Original, size: bigint): Promise<void> {
  if (disk.type !== "fixed" || size <= disk.size) return;
  const { maximumSize } = await factsOf(parts, disk);
  if (size <= maximumSize) return;
  throw new StatusError(
    "OUT_OF_RANGE",
    `a copy of ${disk.name} has at most ${formatSize(maximumSize)}; ${formatSize(size)} were asked for`,
  );
}

/** A copy goes to its source's pool, where it may share blocks, while that has room. @throws StatusError as {@link claimRoom} */
async function findRoom(
  parts: EngineParts,
  { pool, source }: NewVolume,
  original: Original | undefined,
  claim: NewClaim,
): Promise<Pool> {
  if (pool !== undefined || source === undefined || original === undefined) {
    return await claimRoom(parts, pool, claim);
  }
  try {
    return await claimRoom(parts, original.disk.pool, claim);
  } catch (error) {
    const isFull = error instanceof StatusError && error.code === "RESOURCE_EXHAUSTED";
    if (!isFull || (await isBoundToPool(parts, source))) throw error;
    return await claimRoom(parts, undefined, claim);
  }
}

interface Plan extends NewVolume {
  readonly id: string;
  readonly lineage: string;
  readonly type: "fixed" | "dynamic";
  readonly layout: DiskLayout;
}

async function makeVolume(
  { inventory, catalog }: EngineParts,
  pool: Pool,
  { id, name, fileName = name, lineage, type, layout, labels, attributes, source }: Plan,
  original: Original | undefined,
  context: CallContext,
): Promise<Volume> {
  // A disk whose record is lost is known by its file's name, and of one name no two are served.
  const free = freeFileName(fileName, id, (taken) => catalog.hasFileName(taken));
  const places = newVolumeDisk(pool, free, id);
  requireOpenablePath(places.disk);
  const volume: Volume = {
    id,
    name,
    pool: pool.name,
    size: layout.size,
    type: original?.disk.type ?? type,
    path: places.disk,
    createdAt: Date.now(),
    lineage,
    labels,
    attributes,
    source,
    mountPoints: {},
    fault: undefined,
  };
  await bringIn(places, recordOfVolume(volume), async (temporary) => {
    if (original === undefined) {
      const creator = creatorText(volume.createdAt);
      await createUnnamedVhdx(temporary, { type, virtualDiskId: id, creator, ...layout });
    } else {
      await original.cut(temporary, id, layout.size, context);
    }
  });
  return await inventory.putVolume(volume);
}

function requireOpenablePath(path: string): void {
  if (canBeOpened(path)) return;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `${path} is too long for Windows: take a shorter name or pool directory`,
  );
}

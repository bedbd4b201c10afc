import { StatusError } from "../../../kit/errors.ts";
import { cloneUnnamedVhdx, growFixed, resizeVhdx } from "../../../vhdx/index.ts";
import type { CallContext } from "../engine.ts";
import type { ContentSource, Snapshot, Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { knownSnapshot, requireOwnDisk, soundVolume } from "./known-volume.ts";

/** A disk that a new one is to be a copy of. */
export interface Original {
  readonly disk: Volume | Snapshot;
  /**
   * Writes the copy to the new file `target`, durably, with its own id and at least `size` bytes. What a volume in use
   * holds is cut as after a power failure.
   */
  readonly cut: (target: string, id: string, size: bigint, context: CallContext) => Promise<void>;
}

/** The disk to copy from. The caller holds a lock on it, shared with other copies. @throws StatusError NOT_FOUND, … */
export async function copyOf(parts: EngineParts, { kind, id }: ContentSource): Promise<Original> {
  const disk = kind === "volume" ? await soundVolume(parts, id) : await soundSnapshot(parts, id);
  return {
    disk,
    cut: async (target, newId, size, context) => {
      if (kind === "volume" && (await isWrittenTo(parts, id)))
        await cutInUse(parts, disk, target, newId, context);
      else await cutAtRest(disk, target, newId, context);
      if (size > disk.size) await (disk.type === "fixed" ? growFixed : resizeVhdx)(target, size);
    },
  };
}

async function soundSnapshot(parts: EngineParts, id: string): Promise<Snapshot> {
  const snapshot = knownSnapshot(parts, id);
  await parts.pools.present(snapshot.pool);
  await requireOwnDisk(parts, snapshot);
  return snapshot;
}

/** True while a VM may write to the volume. */
export async function isWrittenTo({ host }: EngineParts, volumeId: string): Promise<boolean> {
  return (await host.attachmentsOf(volumeId)).some(({ readOnly }) => !readOnly);
}

/** True when the source can only be copied within its pool. */
export async function isBoundToPool(parts: EngineParts, { kind, id }: ContentSource): Promise<boolean> {
  return kind === "volume" && !parts.host.manifest.copyInUseAcrossPools && (await isWrittenTo(parts, id));
}

async function cutInUse(
  { host }: EngineParts,
  { id, path }: Volume | Snapshot,
  target: string,
  virtualDiskId: string,
  { signal }: CallContext,
): Promise<void> {
  requireCutsInUse(host.manifest, id);
  await host.copyInUse([{ disk: { volumeId: id, path }, target, virtualDiskId }], signal);
}

/** @throws StatusError FAILED_PRECONDITION on a host that can't copy a disk in use. */
export function requireCutsInUse({ copyInUse, name }: EngineParts["host"]["manifest"], id: string): void {
  if (copyInUse) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `volume ${id} is attached, and host ${name} can't copy a disk in use; detach it first`,
  );
}

/** Copies a disk that nobody writes to. */
export async function cutAtRest(
  { path }: Volume | Snapshot,
  target: string,
  virtualDiskId: string,
  { signal, onProgress }: CallContext,
): Promise<void> {
  await cloneUnnamedVhdx(path, target, {
    virtualDiskId,
    signal,
    onProgress: (done, total) => onProgress?.(total === 0n ? 1 : Number(done) / Number(total)),
  });
}

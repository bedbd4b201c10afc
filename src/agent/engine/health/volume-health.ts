import { isNotFound, StatusError } from "../../../kit/errors.ts";
import { isThere } from "../../../kit/is-there.ts";
import type { AttachmentCheck, DiskReader, Host } from "../../hosts/host.ts";
import type { HealthProblem, Volume } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { promisable, promisedOn } from "../pool/room.ts";
import { knownVolume } from "../volumes/known-volume.ts";

/** How a host looks at volumes; made once for all that one operation looks at. */
export interface HostLooks {
  readonly read: DiskReader;
  readonly checkAttachment: AttachmentCheck;
}

export function hostLooks(host: Host): HostLooks {
  return { read: host.diskReader(), checkAttachment: host.attachmentCheck() };
}

/** What is wrong with a volume: looked for now, nothing remembered. */
export async function volumeHealth(
  parts: EngineParts,
  id: string,
  { read, checkAttachment }: HostLooks = hostLooks(parts.host),
): Promise<HealthProblem[]> {
  const volume = knownVolume(parts, id);
  try {
    await parts.pools.present(volume.pool);
  } catch (error) {
    return [{ kind: "pool-down", message: StatusError.from(error).message }];
  }
  const problems = [
    await diskProblem(volume, read),
    await poolProblem(parts, volume),
    await attachmentProblem(checkAttachment, volume),
  ];
  return problems.filter((problem) => problem !== undefined);
}

async function diskProblem(
  { id, path, fault }: Volume,
  read: DiskReader,
): Promise<HealthProblem | undefined> {
  try {
    const { virtualDiskId } = await read({ volumeId: id, path });
    if (virtualDiskId === id) {
      // What was missing at the start and is back is not served yet; what a VM has elsewhere is told as that.
      return fault !== undefined && (await isThere(path))
        ? { kind: "missing-file", message: fault }
        : undefined;
    }
    return { kind: "damaged", message: `${path} holds another disk, ${virtualDiskId}` };
  } catch (thrown) {
    const error = StatusError.from(thrown);
    // That nobody can be asked says nothing of the disk.
    if (error.code === "UNAVAILABLE" && thrown === error) throw error;
    if (fault !== undefined) return { kind: "missing-file", message: fault };
    if (isNotFound(thrown) || error.code === "NOT_FOUND") {
      return { kind: "missing-file", message: `${path}: ${error.message}` };
    }
    return { kind: "damaged", message: `${path}: ${error.message}` };
  }
}

/** A full pool stops all writes that need space; the volumes in it that can still grow are at risk. */
async function poolProblem(parts: EngineParts, { pool: name }: Volume): Promise<HealthProblem | undefined> {
  const pool = parts.pools.byName(name);
  const space = await pool.space();
  const promised = promisedOn(parts, pool);
  if (promised <= space.free || promisable(parts, pool, space) > 0n) return undefined;
  return {
    kind: "overcommitted",
    message: `pool ${name} has ${space.free} bytes free and has promised ${promised}: free some, or add space`,
  };
}

/** What the host says is attached, and a device under it that is not there. */
async function attachmentProblem(check: AttachmentCheck, { id }: Volume): Promise<HealthProblem | undefined> {
  const lost = await check(id);
  return lost === undefined ? undefined : { kind: "lost-attachment", message: lost };
}

import { randomUUID } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import { StatusError } from "../../../kit/errors.ts";
import {
  convertUnnamedDisk,
  growFixed,
  looksLikeVhdx,
  readIdentity,
  resizeVhdx,
} from "../../../vhdx/index.ts";
import type { CallContext } from "../engine.ts";
import type { Volume } from "../model.ts";
import { checkDiskName } from "../names.ts";
import type { EngineParts } from "../parts.ts";
import { claimRoom } from "../pool/room.ts";
import { recordOfVolume } from "../records/entries.ts";
import { bringIn, newVolumeDisk } from "../records/new-disk.ts";
import { existingFile } from "./transfer-directory.ts";
import { layoutFor } from "./volume-size.ts";

/** Makes a volume of a VHDX or raw file in the transfer directory; the file itself is only read. */
export async function importVolume(
  parts: EngineParts,
  file: string,
  name: string,
  wantedPool: string | undefined,
  { signal, onProgress }: CallContext,
): Promise<Volume> {
  checkDiskName("volume", name);
  const { catalog, host, inventory, pools } = parts;
  if (catalog.volumes.byName(name) !== undefined) {
    throw new StatusError("ALREADY_EXISTS", `volume ${name} exists already`);
  }
  catalog.refuseLeftAlone(name);
  pools.requireAllSeen();
  const source = await existingFile(parts, file);
  const from = (await looksLikeVhdx(source)) ? "vhdx" : "raw";
  const present =
    from === "vhdx" ? (await readIdentity(source)).virtualSize : (await stat(source, { bigint: true })).size;
  const { size } = layoutFor({ required: present, limit: undefined });
  const type = host.manifest.diskTypes[0] ?? "fixed";
  const id = randomUUID();
  const pool = await claimRoom(parts, wantedPool, { id, lineage: id, size });
  const places = newVolumeDisk(pool, name, id);
  const volume: Volume = {
    id,
    name,
    pool: pool.name,
    size,
    type,
    path: places.disk,
    createdAt: Date.now(),
    lineage: id,
    labels: { "imported-from": basename(file) },
    attributes: {},
    source: undefined,
    mountPoints: {},
    fault: undefined,
  };
  try {
    await bringIn(places, recordOfVolume(volume), async (temporary) => {
      await convertUnnamedDisk(source, temporary, {
        from,
        to: type,
        virtualDiskId: id,
        signal,
        onProgress: (done, total) => onProgress?.(total === 0n ? 1 : Number(done) / Number(total)),
      });
      if (size > present) await (type === "fixed" ? growFixed : resizeVhdx)(temporary, size);
    });
  } catch (error) {
    inventory.claims.delete(id);
    throw error;
  }
  return await inventory.putVolume(volume);
}

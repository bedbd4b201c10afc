import { rm, unlink } from "node:fs/promises";
import { StatusError } from "../../../kit/errors.ts";
import { ifThere } from "../../../kit/if-there.ts";
import { isThere } from "../../../kit/is-there.ts";
import { rename } from "../../../kit/rename.ts";
import type { EngineParts } from "../parts.ts";
import { whileWorking } from "../pool/pool.ts";
import { requireOwnDisk } from "../volumes/known-volume.ts";

/** Removes a snapshot. One that is not there is deleted already. */
export async function deleteSnapshot(parts: EngineParts, id: string): Promise<void> {
  const { catalog, pools, inventory } = parts;
  const snapshot = catalog.snapshots.byId(id);
  if (snapshot === undefined) {
    catalog.refuseLeftAlone(id);
    pools.requireAllSeen();
    return;
  }
  if (snapshot.groupId !== undefined && catalog.groups.byId(snapshot.groupId) !== undefined) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `snapshot ${id} belongs to group ${snapshot.groupId}; delete the group`,
    );
  }
  const pool = await pools.present(snapshot.pool);
  const { layout, snapshotSync } = pool;
  // An earlier try, or somebody else, may have taken the disk away.
  const isLeft = await isThere(snapshot.path);
  if (isLeft) await requireOwnDisk(parts, snapshot);
  await whileWorking(pool, [id], async () => {
    if (isLeft) await rename(snapshot.path, layout.gone(id));
    await ifThere(unlink(layout.snapshotRecord(snapshot.name, id)));
    await snapshotSync.flush();
    inventory.removeSnapshot(id);
    await rm(layout.gone(id), { force: true });
  });
}

import { readdir, unlink } from "node:fs/promises";
import { ifThere } from "../../../kit/if-there.ts";
import type { Log } from "../../../kit/log.ts";
import { rename } from "../../../kit/rename.ts";
import { parseDiskFile } from "../names.ts";
import { parseGroupFile } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";
import { readRecord } from "../records/record-file.ts";
import { join } from "node:path";

/**
 * Ends deletions of groups that were cut short: once the name of a group's record says so, all its snapshots go. Earlier
 * versions wrote it into the record.
 */
export async function settleGroups(pool: Pool, log: Log): Promise<void> {
  for (const fileName of await readdir(pool.layout.snapshots)) {
    const file = parseGroupFile(fileName);
    if (file === undefined) continue;
    const { id, isGone } = file;
    const group = await readRecord(join(pool.layout.snapshots, fileName), "group");
    if (group === undefined || group === "damaged" || group.id !== id) continue;
    if (!isGone && group.deleting !== true) continue;
    await removeGroup(pool, id, new Set(group.snapshotIds));
    log.info({ id, name: group.name }, "finished: the deletion of a group of snapshots");
  }
}

/** Removes a group's snapshots, then its record, of which is known durably by then that it is being deleted. */
export async function removeGroup(
  pool: Pool,
  groupId: string,
  snapshotIds: ReadonlySet<string>,
): Promise<void> {
  const { layout, snapshotSync } = pool;
  const files = (await readdir(layout.snapshots)).map((fileName) => ({
    fileName,
    file: parseDiskFile(fileName),
  }));
  const gone: string[] = [];
  for (const { fileName, file } of files) {
    if (file === undefined || !snapshotIds.has(file.id)) continue;
    if (file.kind === "record") await ifThere(unlink(join(layout.snapshots, fileName)));
    else {
      await rename(join(layout.snapshots, fileName), layout.gone(file.id));
      gone.push(layout.gone(file.id));
    }
  }
  await snapshotSync.flush();
  await ifThere(unlink(layout.groupRecord(groupId)));
  await ifThere(unlink(layout.goneGroup(groupId)));
  await snapshotSync.flush();
  for (const path of gone) await ifThere(unlink(path));
}

import { unlink } from "node:fs/promises";
import type { Log } from "../../../kit/log.ts";
import { rename } from "../../../kit/rename.ts";
import type { Volume } from "../model.ts";
import { type Pool, whileWorking } from "../pool/pool.ts";
import { removeRecord } from "../records/volume-record.ts";

/** Removes a volume's disk from the pool that it left. On failure it is where it was. */
export async function removeDeparted(source: Pool, volume: Volume, log: Log): Promise<void> {
  const gone = source.layout.gone(volume.id);
  await whileWorking(source, [volume.id], async () => {
    await rename(volume.path, gone);
    try {
      await source.sync.flush();
    } catch (error) {
      await rename(gone, volume.path);
      throw error;
    }
    try {
      await removeRecord(volume);
      await source.sync.flush();
      await unlink(gone);
    } catch (error) {
      // As long as it is there a start removes both.
      log.warn({ err: error, id: volume.id, path: gone }, "left for the next start: what a moved volume was");
    }
  });
}

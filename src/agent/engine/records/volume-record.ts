import { unlink } from "node:fs/promises";
import { ifThere } from "../../../kit/if-there.ts";
import type { Volume } from "../model.ts";
import { recordBeside } from "../pool/layout.ts";
import { type Pool, whileWorking } from "../pool/pool.ts";
import { recordOfVolume } from "./entries.ts";
import { replaceRecord } from "./record-file.ts";

/** Makes a volume's record say what the volume is; one with nothing to say goes. Durable after the pool's next flush. */
export async function saveRecord(pool: Pool, volume: Volume): Promise<void> {
  const { id } = volume;
  const record = recordOfVolume(volume);
  if (record === undefined) {
    await removeRecord(volume);
    return;
  }
  await whileWorking(pool, [id], () => replaceRecord(pool.layout.intent(id), recordBeside(volume), record));
}

/** Removes a volume's record, if it has one. Durable after the pool's next flush. */
export async function removeRecord(volume: Volume): Promise<void> {
  await ifThere(unlink(recordBeside(volume)));
}

import { writeFile } from "node:fs/promises";
import { run } from "../../../src/kit/run.ts";

/** Makes the kernel forget what it has read of all file systems. False where that is not allowed. */
export async function dropCaches(): Promise<boolean> {
  await run("sync", []);
  try {
    await writeFile("/proc/sys/vm/drop_caches", "3\n");
    return true;
  } catch {
    return false;
  }
}

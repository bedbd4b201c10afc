import { stat } from "node:fs/promises";

/** Refuses what is there and no regular file: a FIFO would be waited for, and a device has no size. */
export async function requireRegularFile(path: string): Promise<void> {
  const status = await stat(path);
  if (status.isDirectory()) throw new Error(`${path} is a directory; name a file`);
  if (!status.isFile()) throw new Error(`${path} is not a regular file; copy what it holds to one first`);
}

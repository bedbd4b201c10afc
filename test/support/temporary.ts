import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory for the tests of the enclosing `describe`: `path(name)` is a place in it, gone afterwards. */
export function temporaryDirectory(): (...names: string[]) => string {
  let directory = "";
  before(async () => {
    directory = await makeTemporaryDirectory();
  });
  after(() => removeDirectory(directory));
  return (...names) => join(directory, ...names);
}

/** Removes a directory with all in it; what ends while it is removed may still write there. */
export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** A new directory that the caller removes. Its path is short enough for a Unix socket in it. */
export async function makeTemporaryDirectory(): Promise<string> {
  return await mkdtemp(join(tmpdir(), "csi-test-"));
}

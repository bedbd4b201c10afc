import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory for the tests of the enclosing `describe`: `path(name)` is a place in it, gone afterwards. */
export function temporaryDirectory(): (...names: string[]) => string {
  let directory = "";
  before(async () => {
    directory = await makeTemporaryDirectory();
  });
  after(() => rm(directory, { recursive: true, force: true }));
  return (...names) => join(directory, ...names);
}

/** A new directory that the caller removes. Its path is short enough for a Unix socket in it. */
export async function makeTemporaryDirectory(): Promise<string> {
  return await mkdtemp(join(tmpdir(), "csi-test-"));
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory for the tests of the enclosing `describe`: `path(name)` gives a place in it, gone afterwards. */
export function temporaryDirectory(): (name: string) => string {
  let directory = "";
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "vhdx-test-"));
  });
  after(() => rm(directory, { recursive: true, force: true }));
  return (name) => join(directory, name);
}

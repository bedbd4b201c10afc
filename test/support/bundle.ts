import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { buildBundle } from "../../scripts/build.ts";

const project = join(import.meta.dirname, "../..");

/**
 * A bundle of a program for the tests of the enclosing `describe`: it starts in a third of the time. It lies in the
 * project, where Node finds the optional library that it leaves out.
 * @param entry below the project's directory; the product itself unless given.
 */
export function bundleOf(entry = "src/main.ts"): string {
  const bundle = join(project, "dist", `test-${randomUUID()}.mjs`);
  before(() => buildBundle(bundle, join(project, entry)));
  after(() => rm(bundle, { force: true }));
  return bundle;
}

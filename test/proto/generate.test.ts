import { appendFile, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { generateCsiTypes as generate } from "../../scripts/generate/csi-types.ts";
import { findStaleFiles } from "../../scripts/generate/files.ts";
import { generated } from "../../scripts/generate.ts";

describe("scripts/generate.ts", () => {
  let directory: string;
  let scratch: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "generate-test-"));
    scratch = await mkdtemp(join(tmpdir(), "generate-test-"));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
    await rm(scratch, { recursive: true, force: true });
  });

  it("has been run since its sources last changed", async () => {
    for (const each of generated) {
      expect(await findStaleFiles(each.directory, each.generate), each.directory).to.deep.equal([]);
    }
  });

  it("finds files that are changed, missing or left over, and cleans up behind it", async () => {
    await generate(directory);
    await appendFile(join(directory, "csi.ts"), "// changed\n");
    await rm(join(directory, "descriptor.json"));
    await writeFile(join(directory, "extra.ts"), "");
    const stale = await findStaleFiles(directory, generate, scratch);
    expect(stale).to.deep.equal(["csi.ts", "descriptor.json", "extra.ts"]);
    expect(await readdir(scratch)).to.deep.equal([]);
  });

  it("cleans up behind a comparison that fails", async () => {
    const error: unknown = await findStaleFiles(join(directory, "absent"), generate, scratch).catch(
      (e: unknown) => e,
    );
    expect(error).to.be.instanceOf(Error);
    expect(await readdir(scratch)).to.deep.equal([]);
  });

  it("removes what is left over when it writes", async () => {
    await writeFile(join(directory, "extra.ts"), "");
    await generate(directory);
    expect(await findStaleFiles(directory, generate)).to.deep.equal([]);
  });
});

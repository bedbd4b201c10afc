import { randomUUID } from "node:crypto";
import { chmod, mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import { expect } from "chai";
import { run } from "../../../src/kit/run.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import type { Disk } from "../../../src/node/guest.ts";
import { contentOf } from "../../../src/node/linux/content.ts";
import { markUsed, readHeader, withPassphrase, writeHeader } from "../../../src/node/linux/luks-header.ts";
import { checksum } from "../../support/device-bytes.ts";
import { refused } from "../../support/refused.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";

const SECRET = "s3cret passphrase\nof two lines";

/** cryptsetup itself writes and opens the headers; image files stand for disks. */
describe("a LUKS2 header", () => {
  const path = scratchDirectory();

  async function disk(size = 32n * MiB): Promise<Disk> {
    const volumeId = randomUUID();
    const device = path(`${volumeId}.img`);
    await writeFile(device, "");
    await truncate(device, Number(size));
    return { volumeId, device, size, readOnly: false, release: () => Promise.resolve() };
  }
  const tries = (of: Disk, passphrase: string) =>
    withPassphrase(["open", "--test-passphrase", "--key-file=-", of.device], passphrase, of.volumeId);

  it("is of its volume, opens with its passphrase, and costs what a small VM can bear", async () => {
    const blank = await disk();
    await writeHeader(blank, SECRET);
    await tries(blank, SECRET);
    expect(await contentOf(blank)).to.deep.equal({ kind: "encrypted" });
    const dump = await run("cryptsetup", ["luksDump", blank.device]);
    expect(dump)
      .to.match(/Version:\s+2\n/)
      .and.include(blank.volumeId);
    expect(dump)
      .to.match(/PBKDF:\s+argon2id/)
      .and.match(/Memory:\s+65536/)
      .and.match(/Threads:\s+1/);
  });

  it("does not open with another passphrase, which is told apart from other failures", async () => {
    const [locked, blank] = [await disk(), await disk()];
    await writeHeader(locked, SECRET);
    for (const wrong of [`${SECRET}\n`, SECRET.slice(0, -1), "x"]) {
      await refused(tries(locked, wrong), "UNAUTHENTICATED", locked.volumeId);
    }
    await refused(tries(blank, SECRET), "INTERNAL", "not a valid LUKS device");
  });

  it("says until it is told otherwise that nothing in its disk was ever used", async () => {
    const blank = await disk();
    await writeHeader(blank, SECRET);
    expect(await readHeader(blank)).to.deep.equal({ uuid: blank.volumeId, neverUsed: true });
    for (let i = 0; i < 2; i++) {
      await markUsed(blank);
      expect(await readHeader(blank)).to.deep.equal({ uuid: blank.volumeId, neverUsed: false });
    }
    await tries(blank, SECRET);
  });

  it("of other origin counts as used; one of LUKS1, or none, is refused", async () => {
    const [foreign, old, none] = [await disk(), await disk(), await disk()];
    await writeFile(path("key"), SECRET);
    const options = ["-q", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"];
    await run("cryptsetup", ["luksFormat", ...options, foreign.device, path("key")]);
    await run("cryptsetup", ["luksFormat", "--type", "luks1", ...options, old.device, path("key")]);
    expect(await readHeader(foreign)).to.include({ neverUsed: false });
    await tries(foreign, SECRET);
    for (const each of [old, none]) await refused(readHeader(each), "FAILED_PRECONDITION", "no LUKS2 header");
  });

  it("is not written to a disk that has no room for it", async () => {
    const small = await disk(31n * MiB);
    const before = await checksum(small.device);
    await refused(writeHeader(small, SECRET), "OUT_OF_RANGE", "too few");
    expect(await checksum(small.device)).to.equal(before);
  });

  it("is made without its passphrase in any argument, environment, output or error", async () => {
    const programs = path("programs");
    const record = path("record");
    await mkdir(programs);
    const real = await run("sh", ["-c", "command -v cryptsetup"]);
    const script = `#!/bin/sh\n{ tr '\\0' '\\n' < /proc/$$/cmdline; tr '\\0' '\\n' < /proc/$$/environ; } >> ${record}\nexec ${real} "$@"\n`;
    await writeFile(`${programs}/cryptsetup`, script);
    await chmod(`${programs}/cryptsetup`, 0o755);
    const searchPath = process.env["PATH"] ?? "";
    process.env["PATH"] = `${programs}:${searchPath}`;
    try {
      const blank = await disk();
      await writeHeader(blank, SECRET);
      const errors = [await refused(tries(blank, `${SECRET}!`), "UNAUTHENTICATED")];
      await writeFile(blank.device, "");
      errors.push(await refused(tries(blank, SECRET), "INTERNAL"));
      expect(inspect(errors, { depth: 20, showHidden: true })).not.to.include("s3cret");
      const seen = await readFile(record, "utf8");
      expect(seen).to.include("luksFormat").and.include("--test-passphrase");
      expect(seen).not.to.include("s3cret");
    } finally {
      process.env["PATH"] = searchPath;
    }
  });
});

import { execFile } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import fc from "fast-check";
import { GiB, MiB, TiB } from "../../../src/kit/sizes.ts";
import { createVhdx } from "../../../src/vhdx/operations/create.ts";
import type { NewDiskOptions } from "../../../src/vhdx/operations/new-image.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { inspectVhdx, readIdentity } from "../../../src/vhdx/image/inspect.ts";
import { rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

const run = promisify(execFile);
const source = fileURLToPath(new URL("../../../src/vhdx/index.ts", import.meta.url));

describe("vhdx createVhdx", () => {
  const path = temporaryDirectory();
  let made = 0;
  const nextPath = () => path(`${made++}.vhdx`);
  const options = (changes: Partial<NewDiskOptions> = {}): NewDiskOptions => ({
    type: "fixed",
    size: 10n * MiB,
    virtualDiskId: randomGuid(),
    ...changes,
  });

  it("lays a fixed disk out as Windows does", async () => {
    const place = nextPath();
    const virtualDiskId = randomGuid();
    const info = await createVhdx(place, options({ virtualDiskId }));
    expect(info).to.deep.include({
      type: "fixed",
      virtualSize: 10n * MiB,
      blockSize: 2 << 20,
      logicalSectorSize: 512,
      physicalSectorSize: 4096,
      virtualDiskId,
      creator: "csi-driver-hyperv",
      payloadOffset: 4n * MiB,
      fileSize: 14n * MiB,
      logReplayPending: false,
    });
    const bytes = await readFile(place);
    expect(bytes.length, "the file ends with the payload").to.equal(14 << 20);
    expect(bytes.toString("latin1", 0, 8)).to.equal("vhdxfile");
    expect(bytes.toString("utf16le", 8, 42)).to.equal("csi-driver-hyperv");
    expect(bytes.toString("latin1", 0x10000, 0x10004)).to.equal("head");
    expect(bytes.readBigUInt64LE(0x20008) - bytes.readBigUInt64LE(0x10008)).to.equal(1n);
    expect(bytes.subarray(0x30000, 0x40000).equals(bytes.subarray(0x40000, 0x50000))).to.equal(true);
    expect(
      bytes.subarray(1 << 20, 2 << 20).every((byte) => byte === 0),
      "log",
    ).to.equal(true);
    expect(bytes.toString("latin1", 2 << 20, (2 << 20) + 8)).to.equal("metadata");
    const entries = Array.from({ length: 6 }, (_, index) => bytes.readBigUInt64LE((3 << 20) + index * 8));
    expect(entries).to.deep.equal([4n, 6n, 8n, 10n, 12n].map((offset) => (offset << 20n) | 6n).concat(0n));
    expect(
      bytes.subarray(4 << 20).every((byte) => byte === 0),
      "payload",
    ).to.equal(true);
  });

  it("makes a dynamic disk that ends with its block table", async () => {
    const place = nextPath();
    const info = await createVhdx(place, options({ type: "dynamic", size: 1n * TiB + 512n }));
    expect(info).to.deep.include({
      type: "dynamic",
      blockSize: 32 << 20,
      payloadOffset: undefined,
      // 1 TiB needs 256 KiB of table and a little; four times that are reserved.
      fileSize: 5n * MiB,
    });
    expect((await readFile(place)).subarray(3 << 20).every((byte) => byte === 0)).to.equal(true);
  });

  it("is read as it was made, whatever the options", async () => {
    const shapes = fc.record({
      type: fc.constantFrom("fixed" as const, "dynamic" as const),
      blocks: fc.bigInt(1n, 5000n),
      blockShift: fc.integer({ min: 20, max: 28 }),
      logicalSectorSize: fc.constantFrom(512 as const, 4096 as const),
      physicalSectorSize: fc.constantFrom(512 as const, 4096 as const),
      room: fc.option(fc.bigInt(0n, 40n * TiB)),
      creator: fc.string({ maxLength: 50 }).map((text) => text.replaceAll("\0", "")),
      virtualDiskId: fc.uuid(),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ blocks, blockShift, room, ...rest }) => {
        const place = nextPath();
        const size = blocks << BigInt(blockShift);
        const maximumSize = room === null ? {} : { maximumSize: size + room };
        const info = await createVhdx(place, { ...rest, size, blockSize: 2 ** blockShift, ...maximumSize });
        expect(await inspectVhdx(place)).to.deep.equal(info);
        expect(info.maximumSize >= (room === null ? size : size + room)).to.equal(true);
        const { virtualDiskId, virtualSize, type, blockSize } = info;
        expect(await readIdentity(place)).to.deep.equal({
          ...{ virtualDiskId, virtualSize, type, blockSize },
          maximumSize: info.maximumSize,
          creator: rest.creator,
        });
      }),
      { numRuns: 60 },
    );
  });

  it("keeps room to grow, at no cost in blocks of the file system", async () => {
    const place = nextPath();
    const info = await createVhdx(place, options({ size: 1n * GiB, maximumSize: 64n * TiB }));
    expect(info.maximumSize).to.equal(64n * TiB);
    expect(info.payloadOffset).to.equal(260n * MiB);
    expect((await stat(place)).blocks * 512).to.be.below(200 << 10);
  });

  it("gives every disk GUIDs of its own", async () => {
    const infos = await Promise.all(Array.from({ length: 5 }, () => createVhdx(nextPath(), options())));
    expect(new Set(infos.flatMap((info) => [info.dataWriteGuid, info.fileWriteGuid])).size).to.equal(10);
  });

  it("spells the disk's id in lower case", async () => {
    const id = randomGuid();
    const info = await createVhdx(nextPath(), options({ virtualDiskId: id.toUpperCase() }));
    expect(info.virtualDiskId).to.equal(id);
  });

  it("never replaces a file", async () => {
    const place = nextPath();
    await writeFile(place, "kept");
    expect(await rejection(createVhdx(place, options()))).to.have.property("code", "EEXIST");
    expect(await readFile(place, "utf8")).to.equal("kept");
  });

  it("leaves nothing behind in a directory that is not there", async () => {
    expect(await rejection(createVhdx(path("no/such.vhdx"), options()))).to.have.property("code", "ENOENT");
  });

  const refused: [string, Partial<NewDiskOptions>, string][] = [
    ["no size", { size: 0n }, "out of range"],
    ["a negative size", { size: -2n * MiB }, "out of range"],
    ["half a sector", { type: "dynamic", size: 2n * MiB + 256n }, "whole sectors"],
    ["half a 4 KiB sector", { type: "dynamic", size: 512n, logicalSectorSize: 4096 }, "whole sectors"],
    ["more than 64 TiB", { size: 64n * TiB + 2n * MiB }, "out of range"],
    ["a block size that is no power of two", { blockSize: 3 << 20 }, "block of 3145728"],
    ["a small block", { blockSize: 4096 }, "block of 4096"],
    ["a large block", { blockSize: 512 << 20 }, "block of"],
    ["strange sectors", { logicalSectorSize: 1024 as 512 }, "512 or 4096"],
    ["strange physical sectors", { physicalSectorSize: 0 as 512 }, "512 or 4096"],
    ["a maximum below the size", { maximumSize: 2n * MiB }, "maximum size"],
    ["a maximum above 64 TiB", { maximumSize: 65n * TiB }, "maximum size"],
    ["an id that is no GUID", { virtualDiskId: "disk" }, "not a GUID"],
    ["a long creator", { creator: "x".repeat(257) }, "256"],
  ];
  for (const [what, changes, message] of refused) {
    it(`refuses ${what} and leaves no file`, async () => {
      const place = nextPath();
      const error = await rejection(createVhdx(place, options(changes)));
      expect(error).to.be.instanceOf(RangeError);
      expect((error as Error).message).to.contain(message);
      expect(await rejection(stat(place))).to.have.property("code", "ENOENT");
    });
  }

  it("stops at its signal and leaves no file", async () => {
    const place = nextPath();
    const signal = AbortSignal.abort(new Error("stop"));
    const error = await rejection(
      createVhdx(place, options({ type: "fixed", size: 10n * TiB, blockSize: 1 << 20 }), signal),
    );
    expect(error).to.have.property("message", "stop");
    expect(await rejection(stat(place))).to.have.property("code", "ENOENT");
  });

  it("removes the partial file when the file system refuses it", async function () {
    if (process.platform === "win32") this.skip();
    // Files of this process may have 2000 × 512 bytes: enough for the first writes, not for the last ones.
    const script = `
      import { createVhdx } from ${JSON.stringify(source)};
      try {
        await createVhdx(process.argv[1], { type: "fixed", size: 2n << 30n, virtualDiskId: "${randomGuid()}" });
      } catch (error) { console.log(error.code); }`;
    const place = path("limited.vhdx");
    const shell = 'ulimit -f 2000 && exec "$0" --input-type=module -e "$1" "$2"';
    const { stdout } = await run("sh", ["-c", shell, process.execPath, script, place]);
    expect(stdout.trim()).to.equal("EFBIG");
    expect(await readdir(path("."))).not.to.include("limited.vhdx");
  });
});

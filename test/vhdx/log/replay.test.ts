import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { GiB, MiB, TiB } from "../../../src/kit/sizes.ts";
import { randomGuid, ZERO_GUID } from "../../../src/vhdx/format/guid.ts";
import { headerLayout, readHeaders, updateHeader } from "../../../src/vhdx/format/header.ts";
import { readImage } from "../../../src/vhdx/image/image.ts";
import { encodeItems } from "../../../src/vhdx/format/metadata.ts";
import type { LogChange, LogEntry } from "../../../src/vhdx/log/log-entry.ts";
import { overlay } from "../../../src/vhdx/log/overlay.ts";
import { readPendingLog } from "../../../src/vhdx/log/pending-log.ts";
import { recover } from "../../../src/vhdx/log/replay.ts";
import { createInMemory, editAll, headers } from "../support/images.ts";
import { makeDirty } from "../support/dirty.ts";
import { MemoryFile } from "../support/memory-file.ts";
import { type Operation, recording } from "../support/recorder.ts";
import { expectVhdxError } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

const metadataItemsAt = 2n * MiB + 0x10000n;

describe("vhdx replay", () => {
  const path = temporaryDirectory();
  let clean: MemoryFile;

  before(async () => {
    clean = await createInMemory(path("clean.vhdx"), { size: 16n * MiB, maximumSize: 1n * GiB });
  });

  /** The metadata sector with a virtual size of 20 MiB. */
  async function largerDisk(): Promise<LogChange> {
    const { disk } = await readImage(clean);
    const data = clean.get(metadataItemsAt, 4096);
    encodeItems({ ...disk, virtualSize: 20n * MiB }).copy(data);
    return { offset: metadataItemsAt, data };
  }

  const pendingOf = async (file: MemoryFile) => readPendingLog(file, (await readHeaders(file)).header);

  it("finds nothing to do in a clean file and writes nothing", async () => {
    const file = clean.copy();
    const operations: Operation[] = [];
    const current = await recover(recording(file, operations));
    expect(current.header.logGuid).to.equal(ZERO_GUID);
    expect(operations).to.deep.equal([]);
    expect(await pendingOf(file)).to.equal(undefined);
  });

  it("shows a reader the file as it will be, without touching it", async () => {
    const file = clean.copy();
    await makeDirty(file, [await largerDisk()]);
    const before = file.copy();
    const operations: Operation[] = [];
    const image = await readImage(recording(file, operations));
    expect(image.disk.virtualSize).to.equal(20n * MiB);
    expect(image.logReplayPending).to.equal(true);
    expect(operations).to.deep.equal([]);
    expect(file.equals(before)).to.equal(true);
  });

  it("brings a file into order for a writer", async () => {
    const file = clean.copy();
    const dirty = await makeDirty(file, [await largerDisk()]);
    const current = await recover(file);
    expect(current.header.logGuid).to.equal(ZERO_GUID);
    expect(current.header.fileWriteGuid).not.to.equal(dirty.header.fileWriteGuid);
    expect(current.header.dataWriteGuid).to.equal(dirty.header.dataWriteGuid);
    const image = await readImage(file);
    expect(image.disk.virtualSize).to.equal(20n * MiB);
    expect(image.logReplayPending).to.equal(false);
    const other = file.get(headerLayout.copies[current.slot === 0 ? 1 : 0], 80).readBigUInt64LE(8);
    expect(other).to.equal(current.header.sequenceNumber - 1n);
  });

  it("gives a new FileWriteGuid before it writes anything else, and empties the log last", async () => {
    const file = clean.copy();
    await makeDirty(file, [await largerDisk(), { offset: 3n * MiB, length: 4096n }]);
    const operations: Operation[] = [];
    await recover(recording(file, operations));
    const kinds = operations.map((operation) =>
      operation.kind === "write" && operation.offset < 0x30000n ? "header" : operation.kind,
    );
    expect(kinds).to.deep.equal([
      ...["header", "flush", "write", "write", "flush"],
      ...["header", "flush", "header", "flush"],
    ]);
  });

  it("can be cut off anywhere and started again", async () => {
    const dirty = clean.copy();
    await makeDirty(dirty, [await largerDisk()]);
    const operations: Operation[] = [];
    await recover(recording(dirty.copy(), operations));
    for (let cut = 0; cut <= operations.length; cut++) {
      const file = dirty.copy();
      for (const operation of operations.slice(0, cut)) {
        if (operation.kind === "write") file.put(operation.offset, operation.data);
      }
      await recover(file);
      expect((await readImage(file)).disk.virtualSize, `cut at ${cut}`).to.equal(20n * MiB);
    }
  });

  it("shows readers what it does for writers, for any changes", async () => {
    const place = fc.bigInt(0n, 300n).map((sector) => 3n * MiB + sector * 4096n);
    const change: fc.Arbitrary<LogChange> = fc.oneof(
      fc.record({ offset: place, data: fc.constant(0).map(() => randomBytes(4096)) }),
      fc.record({ offset: place, length: fc.bigInt(0n, 8n).map((sectors) => sectors * 4096n) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 12 }),
        fc.array(fc.tuple(fc.nat(1_400_000), fc.nat(20000)), { minLength: 5, maxLength: 5 }),
        fc.integer({ min: 4, max: 6 }),
        async (changes, reads, lastMiB) => {
          const file = new MemoryFile();
          for (let at = 0; at < 2; at++) {
            file.put(headerLayout.copies[at]!, clean.get(headerLayout.copies[at]!, 4096));
          }
          file.put(0n, clean.get(0n, 520));
          file.put(3n * MiB, randomBytes(1 << 20));
          await makeDirty(file, changes, { lastFileOffset: BigInt(lastMiB) * MiB });
          const pending = await pendingOf(file);
          const view = overlay(file.copy(), pending!);
          await recover(file);
          expect(await view.size()).to.equal(await file.size());
          for (const [at, length] of reads) {
            const offset = 3n * MiB + BigInt(at);
            if (offset + BigInt(length) > (await file.size())) {
              await expectVhdxError(view.read("place", offset, length), "place");
            } else {
              const shown = await view.read("place", offset, length);
              expect(shown.equals(await file.read("place", offset, length))).to.equal(true);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("extends the file to what its writer had planned", async () => {
    const file = clean.copy();
    await makeDirty(file, [{ offset: 100n * MiB, data: randomBytes(4096) }], { lastFileOffset: 99n * MiB });
    await recover(file);
    expect(await file.size()).to.equal(100n * MiB + 4096n);
    const longer = clean.copy();
    await makeDirty(longer, [], { lastFileOffset: 99n * MiB });
    await recover(longer);
    expect(await longer.size()).to.equal(99n * MiB);
  });

  it("refuses a header that asks for a replay there is nothing for", async () => {
    const file = clean.copy();
    await updateHeader(file, await readHeaders(file), { logGuid: randomGuid() });
    await expectVhdxError(readImage(file), "log", /no entry is valid/);
    await expectVhdxError(recover(file), "log", /byte 1048576: .*no entry is valid/);
  });

  it("refuses a file cut short", async () => {
    const file = clean.copy();
    await makeDirty(file, [], { flushedFileOffset: 1n * TiB });
    await expectVhdxError(readImage(file), "log", /cut short of 1099511627776 bytes/);
  });

  const strays: [string, LogChange | LogChange[], Partial<LogEntry>, RegExp][] = [
    ["the file identifier", { offset: 0n, data: Buffer.alloc(4096) }, {}, /over the headers or the log/],
    ["a header", { offset: 0x20000n, length: 4096n }, {}, /byte 131072$/],
    ["headers from before", { offset: 0n, length: MiB }, {}, /over the headers/],
    ["the log", { offset: 2n * MiB - 4096n, length: 4096n }, {}, /or the log/],
    ["the log from before", { offset: 0x40000n, length: MiB }, {}, /or the log/],
    ["a place no file reaches", { offset: 2n ** 63n, data: Buffer.alloc(4096) }, {}, /too much/],
    [
      "a gibibyte of zeros twice",
      Array.from({ length: 2 }, () => ({ offset: 9n * MiB, length: GiB })),
      {},
      /too much/,
    ],
    ["an endless file", [], { lastFileOffset: 2n ** 63n }, /too much/],
  ];
  for (const [what, change, more, message] of strays) {
    it(`refuses a log that writes to ${what}`, async () => {
      const file = clean.copy();
      await makeDirty(file, [change].flat(), more);
      const before = file.copy();
      await expectVhdxError(readImage(file), "log", message);
      await expectVhdxError(recover(file), "log", message);
      expect(file.equals(before)).to.equal(true);
    });
  }

  it("refuses a log that leaves the file or is too long to replay", async () => {
    const file = clean.copy();
    await makeDirty(file, []);
    const outside = file.copy();
    editAll(outside, headers, (bytes) => bytes.writeBigUInt64LE(1n << 50n, headerLayout.logOffset));
    await expectVhdxError(recover(outside), "log", /past the end/);
    const long = file.copy();
    await long.resize(4n * GiB);
    editAll(long, headers, (bytes) => bytes.writeUInt32LE(1 << 30, headerLayout.logLength));
    await expectVhdxError(recover(long), "log", /too much to replay/);
  });

  it("refuses a log of more changes than any writer makes", async () => {
    const file = clean.copy();
    await file.resize(64n * MiB);
    editAll(file, headers, (bytes) => {
      bytes.writeBigUInt64LE(32n * MiB, headerLayout.logOffset);
      bytes.writeUInt32LE(4 << 20, headerLayout.logLength);
    });
    const change = { offset: 9n * MiB, length: 4096n };
    await makeDirty(file, Array<LogChange>(32769).fill(change));
    await expectVhdxError(recover(file), "log", /ask for too much/);
    await makeDirty(file, Array<LogChange>(32768).fill(change));
    expect((await recover(file)).header.logGuid).to.equal(ZERO_GUID);
  });

  it("replays region tables, too: they are read after the log", async () => {
    const file = clean.copy();
    const table = clean.get(0x30000n, 4096);
    await makeDirty(file, [
      { offset: 0x30000n, data: table },
      { offset: 0x40000n, data: table },
    ]);
    file.put(0x30000n, Buffer.alloc(4096));
    file.put(0x40000n, Buffer.alloc(4096));
    expect((await readImage(file)).disk.virtualSize).to.equal(16n * MiB);
  });
});

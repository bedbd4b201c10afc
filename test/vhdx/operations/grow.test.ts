import { readFile } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { GiB, MiB, TiB } from "../../../src/kit/sizes.ts";
import { createVhdx } from "../../../src/vhdx/operations/create.ts";
import { VhdxError } from "../../../src/vhdx/error.ts";
import { randomGuid, ZERO_GUID } from "../../../src/vhdx/format/guid.ts";
import { growFixed, growFixedIn } from "../../../src/vhdx/operations/grow.ts";
import { resizeIn } from "../../../src/vhdx/operations/resize.ts";
import { readHeaders } from "../../../src/vhdx/format/header.ts";
import { mappablePayload, readImage } from "../../../src/vhdx/image/image.ts";
import { inspectVhdx } from "../../../src/vhdx/image/inspect.ts";
import { makeDirty } from "../support/dirty.ts";
import { createInMemory, editAll, regionTables } from "../support/images.ts";
import { type Operation, recording } from "../support/recorder.ts";
import { expectVhdxError, rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

describe("vhdx growFixed", () => {
  const path = temporaryDirectory();
  let made = 0;
  const nextPath = () => path(`${made++}.vhdx`);
  const create = async (size: bigint, maximumSize = size) => {
    const place = nextPath();
    await createVhdx(place, { type: "fixed", size, maximumSize, virtualDiskId: randomGuid() });
    return place;
  };

  it("grows to exactly the disk a creation of that size makes, but for its GUIDs", async () => {
    const place = await create(8n * MiB, 1n * GiB);
    const before = await inspectVhdx(place);
    await growFixed(place, 20n * MiB);
    const after = await inspectVhdx(place);
    expect(after).to.deep.equal({
      ...before,
      virtualSize: 20n * MiB,
      fileSize: 24n * MiB,
      fileWriteGuid: after.fileWriteGuid,
      dataWriteGuid: after.dataWriteGuid,
    });
    expect(after.fileWriteGuid).not.to.equal(before.fileWriteGuid);
    expect(after.dataWriteGuid).not.to.equal(before.dataWriteGuid);
    const fresh = await create(20n * MiB, 1n * GiB);
    const [one, other] = [await readFile(place), await readFile(fresh)];
    expect(one.subarray(3 << 20).equals(other.subarray(3 << 20))).to.equal(true);
  });

  it("grows step by step through any sizes up to the maximum", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.bigInt(1n, 3000n), { minLength: 1, maxLength: 5 }), async (steps) => {
        const place = await create(2n * MiB, 64n * GiB);
        let size = 2n * MiB;
        for (const blocks of steps) {
          size += blocks * 2n * MiB;
          await growFixed(place, size);
          const info = await inspectVhdx(place);
          expect(info).to.include({ virtualSize: size, payloadOffset: 4n * MiB, logReplayPending: false });
          expect(info.fileSize).to.equal(4n * MiB + size);
        }
      }),
      { numRuns: 15 },
    );
  });

  it("grows to the reserved maximum and not beyond", async () => {
    const place = await create(2n * MiB);
    const { maximumSize } = await inspectVhdx(place);
    await expectVhdxError(
      growFixed(place, maximumSize + 512n),
      "block table",
      /room for a disk of \d+ bytes, not/,
    );
    expect((await inspectVhdx(place)).virtualSize).to.equal(2n * MiB);
    await growFixed(place, maximumSize);
    expect(await inspectVhdx(place)).to.include({ virtualSize: maximumSize, payloadOffset: 4n * MiB });
  });

  it("grows by less than a block, then out of it", async () => {
    const place = await create(2n * MiB);
    await growFixed(place, 2n * MiB + 512n);
    expect(await inspectVhdx(place)).to.include({ virtualSize: 2n * MiB + 512n, fileSize: 8n * MiB });
    await growFixed(place, 3n * MiB);
    expect(await inspectVhdx(place)).to.include({ virtualSize: 3n * MiB, fileSize: 8n * MiB });
    await growFixed(place, 5n * MiB);
    expect(await inspectVhdx(place)).to.include({ payloadOffset: 4n * MiB, fileSize: 10n * MiB });
  });

  it("writes nothing at the size it has", async () => {
    const file = await createInMemory(nextPath(), { size: 8n * MiB });
    const operations: Operation[] = [];
    await growFixedIn(recording(file, operations), 8n * MiB);
    expect(operations).to.deep.equal([]);
  });

  it("writes nothing inside the payload, and each step is durable before the next", async () => {
    const file = await createInMemory(nextPath(), { size: 8n * MiB, maximumSize: GiB });
    const operations: Operation[] = [];
    await growFixedIn(recording(file, operations), 20n * MiB);
    const names = operations.map((operation) => {
      if (operation.kind !== "write") return operation.kind;
      expect(operation.offset + BigInt(operation.data.length) <= 4n * MiB).to.equal(true);
      if (operation.offset < MiB) return "header";
      if (operation.offset < 2n * MiB) return "log";
      return operation.offset < 3n * MiB ? "metadata" : "table";
    });
    expect(names).to.deep.equal([
      ...["header", "flush"],
      ...["resize", "table", "log", "flush"],
      ...["header", "flush"],
      ...["metadata", "flush"],
      ...["header", "flush", "header", "flush"],
    ]);
  });

  it("leaves both headers alike, the log empty", async () => {
    const file = await createInMemory(nextPath(), { size: 8n * MiB });
    const before = await readHeaders(file);
    await growFixedIn(file, 10n * MiB);
    const { header, slot } = await readHeaders(file);
    expect(header.logGuid).to.equal(ZERO_GUID);
    expect(header.sequenceNumber).to.equal(before.header.sequenceNumber + 4n);
    expect(slot).to.equal(before.slot);
    file.put(slot === 0 ? 0x10000n : 0x20000n, Buffer.alloc(4096));
    const other = (await readHeaders(file)).header;
    expect({ ...other, sequenceNumber: 0n }).to.deep.equal({ ...header, sequenceNumber: 0n });
  });

  it("tells its caller once the size is durable, also when it was before", async () => {
    const place = await create(2n * MiB);
    const seen: bigint[] = [];
    const afterCommit = async () => {
      const { virtualSize, logReplayPending } = await inspectVhdx(place);
      expect(logReplayPending).to.equal(false);
      seen.push(virtualSize);
    };
    await growFixed(place, 4n * MiB, { afterCommit });
    await growFixed(place, 4n * MiB, { afterCommit });
    expect(seen).to.deep.equal([4n * MiB, 4n * MiB]);
    const failing = growFixed(place, 6n * MiB, { afterCommit: () => Promise.reject(new Error("loop")) });
    expect(await rejection(failing)).to.have.property("message", "loop");
    expect((await inspectVhdx(place)).virtualSize).to.equal(6n * MiB);
  });

  it("never shrinks", async () => {
    const place = await create(8n * MiB);
    const before = await readFile(place);
    await expectVhdxError(growFixed(place, 6n * MiB), "virtual disk size", /cannot shrink/);
    expect((await readFile(place)).equals(before)).to.equal(true);
  });

  it("refuses sizes no disk has", async () => {
    const place = await create(8n * MiB);
    for (const size of [8n * MiB + 1n, -8n * MiB, 0n, 65n * TiB]) {
      expect(await rejection(growFixed(place, size)), String(size)).to.be.instanceOf(RangeError);
    }
  });

  it("refuses disks of other types and disks that are not one stretch", async () => {
    const dynamic = nextPath();
    await createVhdx(dynamic, { type: "dynamic", size: 8n * MiB, virtualDiskId: randomGuid() });
    await expectVhdxError(growFixed(dynamic, 10n * MiB), "virtual disk size", /dynamic, not fixed/);
    const file = await createInMemory(nextPath(), { size: 8n * MiB });
    file.put(3n * MiB, Buffer.alloc(8));
    await expectVhdxError(growFixedIn(file, 10n * MiB), "block table", /one stretch/);
  });

  it("does not grow over a region behind the payload", async () => {
    const file = await createInMemory(nextPath(), { size: 8n * MiB });
    await file.resize(16n * MiB);
    editAll(file, regionTables, (bytes) => {
      bytes.writeUInt32LE(3, 8);
      bytes.write(randomGuid().replaceAll("-", ""), 80, "hex");
      bytes.writeBigUInt64LE(14n * MiB, 96);
      bytes.writeUInt32LE(1 << 20, 104);
    });
    await growFixedIn(file, 10n * MiB);
    const error = await rejection(growFixedIn(file, 12n * MiB));
    expect(error).to.be.instanceOf(VhdxError);
    expect((error as VhdxError).message).to.match(/^region [\da-f-]{36} at byte 14680064: lies where/);
    expect((await readImage(file)).disk.virtualSize).to.equal(10n * MiB);
  });

  it("does not move a block table that lies behind the payload", async () => {
    const file = await createInMemory(nextPath(), { size: 8n * MiB });
    await resizeIn(file, "disk.vhdx", 300n * GiB);
    const before = file.copy();
    await expectVhdxError(growFixedIn(file, 301n * GiB), "block table", /lies where the payload would grow/);
    expect(file.equals(before)).to.equal(true);
  });

  it("replaces what an earlier, lost growth left in the table", async () => {
    const file = await createInMemory(nextPath(), { size: 8n * MiB });
    file.put(3n * MiB + 32n, Buffer.alloc(64, 0xff));
    await growFixedIn(file, 20n * MiB);
    expect(await mappablePayload(await readImage(file))).to.equal(4n * MiB);
  });

  it("replays a log before it grows", async () => {
    const file = await createInMemory(nextPath(), { size: 8n * MiB });
    const data = file.get(2n * MiB + 0x10000n, 4096);
    data.writeBigUInt64LE(6n * MiB, 8);
    await makeDirty(file, [{ offset: 2n * MiB + 0x10000n, data }]);
    await growFixedIn(file, 10n * MiB);
    const image = await readImage(file);
    expect(image.logReplayPending).to.equal(false);
    expect(image.disk.virtualSize).to.equal(10n * MiB);
    expect(await mappablePayload(image)).to.equal(4n * MiB);
  });

  it("changes a size that lies across two sectors", async () => {
    const file = await createInMemory(nextPath(), { size: 8n * MiB });
    const entry = 2n * MiB + 32n + 32n + 16n;
    const offset = Buffer.alloc(4);
    offset.writeUInt32LE(0x11ffc);
    file.put(entry, offset);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(8n * MiB);
    file.put(2n * MiB + 0x11ffcn, size);
    await growFixedIn(file, 12n * MiB);
    expect((await readImage(file)).disk.virtualSize).to.equal(12n * MiB);
  });
});

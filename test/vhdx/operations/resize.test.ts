import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { GiB, MiB, roundUp, TiB } from "../../../src/kit/sizes.ts";
import { ReadableDisk } from "../../../src/vhdx/disk/readable-disk.ts";
import { WritableDisk } from "../../../src/vhdx/disk/writable-disk.ts";
import { mappablePayload, readImage } from "../../../src/vhdx/image/image.ts";
import { readOccupancy, refuseMisplaced } from "../../../src/vhdx/image/occupancy.ts";
import { resizeIn } from "../../../src/vhdx/operations/resize.ts";
import { makeDirty } from "../support/dirty.ts";
import { createInMemory, editAll, regionTables } from "../support/images.ts";
import type { MemoryFile } from "../support/memory-file.ts";
import { type Operation, recording } from "../support/recorder.ts";
import { expectVhdxError, rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

const NAME = "disk.vhdx";

async function put(file: MemoryFile, offset: bigint, data: Uint8Array): Promise<void> {
  const disk = await WritableDisk.on(file, NAME);
  await disk.write(offset, data);
  await disk.close();
}

async function get(file: MemoryFile, offset: bigint, length: number): Promise<Buffer> {
  const disk = await ReadableDisk.on(file, NAME);
  const bytes = Buffer.alloc(length, 0xee);
  await disk.read(offset, bytes);
  return bytes;
}

/** Fails unless the refusal leaves every byte as it was. */
async function untouched(file: MemoryFile, attempt: (file: MemoryFile) => Promise<unknown>): Promise<void> {
  const before = file.copy();
  await attempt(file);
  expect(file.equals(before), "every byte as before").to.equal(true);
}

describe("vhdx resize", () => {
  const path = temporaryDirectory();
  let made = 0;
  const create = (options: Parameters<typeof createInMemory>[1]) =>
    createInMemory(path(`${made++}.vhdx`), options);
  /** A fixed disk whose blocks do not follow one another: the first two are swapped. */
  const createScattered = async () => {
    const file = await create({ size: 6n * MiB, blockSize: 1 << 20 });
    const entries = file.get(3n * MiB, 16);
    file.put(3n * MiB, Buffer.concat([entries.subarray(8), entries.subarray(0, 8)]));
    return file;
  };

  for (const logicalSectorSize of [512, 4096] as const) {
    for (const type of ["fixed", "dynamic"] as const) {
      it(`keeps what is in a ${type} disk of ${logicalSectorSize} byte sectors through any steps`, async () => {
        const most = 40;
        const grain = BigInt(logicalSectorSize);
        const step = fc.record({
          size: fc.integer({ min: 1, max: most * 8 }),
          beside: fc.constantFrom(-1n, 0n, 1n),
          at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        });
        await fc.assert(
          fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
            const file = await create({ type, size: 3n * MiB, blockSize: 1 << 20, logicalSectorSize });
            const model = Buffer.alloc((most + 1) << 20);
            let [present, smallest] = [3n * MiB, grain];
            for (const { size, beside, at } of steps) {
              const wanted = (BigInt(size) * MiB) / 8n + beside * grain;
              if (wanted < smallest) {
                await untouched(file, () =>
                  expectVhdxError(resizeIn(file, NAME, wanted), "virtual disk size"),
                );
              } else {
                await resizeIn(file, NAME, wanted);
                present = wanted;
              }
              const data = randomBytes(777);
              const offset = BigInt(Math.floor(Number(present) * at));
              const part = data.subarray(0, Math.min(777, Number(present - offset)));
              part[part.length - 1] = 1;
              await put(file, offset, part);
              model.set(part, Number(offset));
              const end = roundUp(offset + BigInt(part.length), grain);
              if (end > smallest) smallest = end;

              const image = await readImage(file);
              expect(image.disk.virtualSize).to.equal(present);
              expect(image.logReplayPending).to.equal(false);
              if (type === "fixed") expect(await mappablePayload(image)).to.equal(4n * MiB);
              await readOccupancy(image, refuseMisplaced);
              const bytes = await get(file, 0n, Number(present));
              expect(bytes.equals(model.subarray(0, Number(present)))).to.equal(true);
            }
          }),
          { numRuns: 25 },
        );
      });
    }
  }

  it("grows a dynamic disk without taking space", async () => {
    const file = await create({ type: "dynamic", size: GiB, maximumSize: 64n * TiB });
    const before = await file.size();
    await resizeIn(file, NAME, 64n * TiB);
    expect((await readImage(file)).disk.virtualSize).to.equal(64n * TiB);
    expect(await file.size()).to.equal(before);
  });

  it("clears entries it takes into use and leaves the others", async () => {
    const file = await create({ type: "dynamic", size: 64n * MiB });
    file.put(3n * MiB + 16n, Buffer.alloc(64, 0xee));
    await resizeIn(file, NAME, 128n * MiB);
    const table = file.get(3n * MiB, 80);
    expect(table.subarray(16, 32).equals(Buffer.alloc(16)), "new").to.equal(true);
    expect(table.subarray(32).equals(Buffer.alloc(48, 0xee)), "still unused").to.equal(true);
  });

  it("writes nothing at the size it has, but replays a log", async () => {
    for (const type of ["fixed", "dynamic"] as const) {
      const file = await create({ type, size: 64n * MiB });
      await untouched(file, () => resizeIn(file, NAME, 64n * MiB));
      const data = file.get(2n * MiB + 0x10000n, 4096);
      data.writeBigUInt64LE(32n * MiB, 8);
      await makeDirty(file, [{ offset: 2n * MiB + 0x10000n, data }]);
      await resizeIn(file, NAME, 32n * MiB);
      const image = await readImage(file);
      expect(image.logReplayPending).to.equal(false);
      expect(image.disk.virtualSize).to.equal(32n * MiB);
    }
  });

  it("refuses sizes no disk has", async () => {
    const file = await create({ type: "dynamic", size: 8n * MiB, logicalSectorSize: 4096 });
    for (const size of [8n * MiB + 512n, -8n * MiB, 0n, 64n * TiB + 4096n]) {
      await untouched(file, async () => {
        expect(await rejection(resizeIn(file, NAME, size)), String(size)).to.be.instanceOf(RangeError);
      });
    }
  });

  it("does not touch a file whose blocks lie over one another, not even its log", async () => {
    const file = await create({ type: "fixed", size: 8n * MiB });
    file.put(3n * MiB + 8n, file.get(3n * MiB, 8));
    const data = file.get(2n * MiB, 4096);
    await makeDirty(file, [{ offset: 2n * MiB, data }]);
    for (const size of [4n * MiB, 8n * MiB, 16n * MiB]) {
      await untouched(file, () => expectVhdxError(resizeIn(file, NAME, size), "block table", /lies over/));
    }
  });

  it("clears what the file has behind the disk's end before that comes into view", async () => {
    for (const type of ["fixed", "dynamic"] as const) {
      const file = await create({ type, size: 8n * MiB, blockSize: 4 << 20 });
      await put(file, 5n * MiB, Buffer.alloc(100, 1));
      await resizeIn(file, NAME, 6n * MiB + 512n);
      const end = await file.size();
      const rest = type === "fixed" ? 6n * MiB + 512n + 4n * MiB : end - 2n * MiB + 512n;
      file.put(rest, Buffer.alloc(2 << 20, 0xdd).subarray(0, Number(end - rest)));
      await resizeIn(file, NAME, 16n * MiB);
      expect((await get(file, 6n * MiB, 10 << 20)).equals(Buffer.alloc(10 << 20)), type).to.equal(true);
      expect((await get(file, 5n * MiB, 100)).equals(Buffer.alloc(100, 1)), type).to.equal(true);
    }
  });

  it("makes a file longer that ends before the last block does", async () => {
    const file = await create({ type: "dynamic", size: 3n * MiB, blockSize: 4 << 20 });
    await put(file, 0n, Buffer.alloc(100, 1));
    await file.resize(7n * MiB);
    await resizeIn(file, NAME, 4n * MiB);
    expect((await get(file, 0n, 4 << 20)).subarray(100).equals(Buffer.alloc((4 << 20) - 100))).to.equal(true);
  });

  it("changes both write GUIDs when the size changes", async () => {
    const file = await create({ type: "dynamic", size: 8n * MiB });
    let { current } = await readImage(file);
    for (const size of [16n * MiB, 4n * MiB]) {
      await resizeIn(file, NAME, size);
      const next = (await readImage(file)).current;
      expect(next.header.dataWriteGuid).not.to.equal(current.header.dataWriteGuid);
      expect(next.header.fileWriteGuid).not.to.equal(current.header.fileWriteGuid);
      current = next;
    }
  });

  describe("to a smaller size", () => {
    it("names the first data in the way and the smallest size that is left", async () => {
      for (const type of ["fixed", "dynamic"] as const) {
        const file = await create({ type, size: 64n * MiB, blockSize: 1 << 20 });
        await put(file, 20n * MiB + 700n, Buffer.from([1]));
        await put(file, 30n * MiB, Buffer.from([1]));
        await untouched(file, () =>
          expectVhdxError(
            resizeIn(file, NAME, 8n * MiB),
            "virtual disk size",
            /data at byte 20972220 of the disk: it can't have fewer than 20972544 bytes/,
          ),
        );
        await untouched(file, () =>
          expectVhdxError(resizeIn(file, NAME, 20972544n), "virtual disk size", /at byte 31457280/),
        );
      }
    });

    it("takes blocks of zeros off the table and the file", async () => {
      for (const type of ["fixed", "dynamic"] as const) {
        const file = await create({ type, size: 64n * MiB, blockSize: 1 << 20 });
        for (let block = 0n; block < 64n; block++) await put(file, block * MiB, Buffer.alloc(4096));
        await put(file, 9n * MiB, Buffer.from([7]));
        expect(await file.size()).to.equal(68n * MiB);
        await resizeIn(file, NAME, 10n * MiB - 512n);
        expect(await file.size(), "the last block is whole").to.equal(14n * MiB);
        expect(file.get(3n * MiB + 80n, 54 * 8).equals(Buffer.alloc(54 * 8)), "cleared").to.equal(true);
        expect(await get(file, 9n * MiB, 1)).to.deep.equal(Buffer.from([7]));
      }
    });

    it("keeps a file that has something in use at its end", async () => {
      const file = await create({ type: "dynamic", size: 64n * MiB, blockSize: 1 << 20 });
      await put(file, 60n * MiB, Buffer.alloc(4096));
      await put(file, 0n, Buffer.from([7]));
      await resizeIn(file, NAME, MiB);
      expect(await file.size()).to.equal(6n * MiB);
      expect(await get(file, 0n, 1)).to.deep.equal(Buffer.from([7]));
    });

    it("can be taken back across a chunk", async () => {
      const file = await create({ type: "dynamic", size: 9n * GiB, blockSize: 256 << 20 });
      await put(file, GiB, Buffer.from([1]));
      await put(file, 8n * GiB, Buffer.alloc(1));
      for (const size of [4n * GiB, 4n * GiB + 512n, 2n * GiB, 9n * GiB]) {
        await resizeIn(file, NAME, size);
        await readOccupancy(await readImage(file), refuseMisplaced);
        expect(await get(file, GiB, 1)).to.deep.equal(Buffer.from([1]));
      }
      expect((await get(file, 8n * GiB, 4096)).equals(Buffer.alloc(4096))).to.equal(true);
    });
  });

  describe("beyond the block table's room", () => {
    /** Adds a region nobody knows, with bits set that nobody knows either. */
    const addRegion = async (file: MemoryFile): Promise<bigint> => {
      const offset = await file.size();
      await file.resize(offset + MiB);
      file.put(offset, Buffer.alloc(100, 0x77));
      editAll(file, regionTables, (bytes) => {
        bytes.writeUInt32LE(3, 8);
        bytes.fill(0xab, 80, 96);
        bytes.writeBigUInt64LE(offset, 96);
        bytes.writeUInt32LE(1 << 20, 104);
        bytes.writeUInt32LE(0x1000, 108 - 32);
      });
      return offset;
    };

    it("moves the table of a dynamic disk to the end, other regions stay as they are", async () => {
      const file = await create({ type: "dynamic", size: 32n * GiB - 32n * MiB, blockSize: 1 << 20 });
      await put(file, 5n * GiB, Buffer.from([5]));
      const unknown = await addRegion(file);
      const tables = regionTables.map(({ offset, size }) => file.get(offset, size));
      await resizeIn(file, NAME, 300n * GiB);
      const image = await readImage(file);
      expect(image.regions.blockTable).to.include({ offset: unknown + MiB, length: 10 << 20 });
      expect(image.maximumSize > 1200n * GiB).to.equal(true);
      for (const [index, { offset, size }] of regionTables.entries()) {
        const [before, after] = [tables[index]!, file.get(offset, size)];
        const changed = [...after.keys()].filter((at) => before[at] !== after[at]);
        const isExpected = (at: number) => (at >= 4 && at < 8) || (at >= 32 && at < 44);
        expect(changed.length > 0 && changed.every(isExpected), `copy ${index}`).to.equal(true);
      }
      expect(file.get(unknown, 100).equals(Buffer.alloc(100, 0x77))).to.equal(true);
      expect(await get(file, 5n * GiB, 2)).to.deep.equal(Buffer.from([5, 0]));
      const occupancy = await readOccupancy(image, refuseMisplaced);
      expect(occupancy.isTaken(3), "the old place is free").to.equal(false);

      await put(file, 299n * GiB, Buffer.from([6]));
      await resizeIn(file, NAME, 1200n * GiB);
      expect((await readImage(file)).regions.blockTable, "there is room now").to.include({
        offset: unknown + MiB,
      });
      expect(await get(file, 299n * GiB, 1)).to.deep.equal(Buffer.from([6]));
    });

    it("makes all durable with one log entry", async () => {
      const file = await create({ type: "dynamic", size: GiB, blockSize: 1 << 20 });
      await put(file, 0n, Buffer.from([5]));
      const operations: Operation[] = [];
      await resizeIn(recording(file, operations), NAME, 300n * GiB);
      const names = operations.map((operation) => {
        if (operation.kind !== "write") return operation.kind;
        if (operation.offset >= 3n * MiB) return "table";
        if (operation.offset >= 2n * MiB) return "metadata";
        if (operation.offset >= MiB) return "log";
        return operation.offset < 0x30000n ? "header" : "regions";
      });
      expect(names.filter((name, at) => name === "flush" || name !== names[at - 1])).to.deep.equal([
        ...["header", "flush"],
        ...["resize", "table", "log", "flush"],
        ...["header", "flush"],
        ...["regions", "metadata", "flush"],
        ...["header", "flush", "header", "flush"],
      ]);
    });

    it("keeps the payload of a fixed disk one stretch, again and again", async () => {
      const file = await create({ type: "fixed", size: 8n * MiB, blockSize: 1 << 20 });
      await put(file, 8n * MiB - 10n, Buffer.alloc(10, 5));
      const tables: bigint[] = [];
      for (const size of [200n * GiB, 200n * GiB + MiB, 2000n * GiB]) {
        await resizeIn(file, NAME, size);
        const image = await readImage(file);
        expect(image.disk.virtualSize).to.equal(size);
        expect(await mappablePayload(image)).to.equal(4n * MiB);
        tables.push(image.regions.blockTable.offset);
        expect((await get(file, 8n * MiB - 10n, 10)).equals(Buffer.alloc(10, 5))).to.equal(true);
        for (const table of tables.slice(0, -1)) {
          const zeros = await get(file, table - 4n * MiB, 1 << 20);
          expect(zeros.equals(Buffer.alloc(1 << 20)), "no table in the payload").to.equal(true);
        }
      }
      expect(tables).to.deep.equal([4n * MiB + 200n * GiB, 11n * MiB + 200n * GiB, 4n * MiB + 2000n * GiB]);
    });

    it("refuses to grow a fixed disk over another structure and names it", async () => {
      const file = await create({ type: "fixed", size: 8n * MiB });
      await addRegion(file);
      await untouched(file, async () => {
        const error = await rejection(resizeIn(file, NAME, 10n * MiB));
        expect(error)
          .to.have.property("message")
          .that.matches(/^region abababab-.* would grow/);
      });
    });

    it("appends to a fixed disk that is not one stretch, and moves its table", async () => {
      const file = await createScattered();
      await put(file, 0n, Buffer.from([1]));
      await put(file, 6n * MiB - 1n, Buffer.from([2]));
      for (const size of [9n * MiB, 10n * MiB + 512n, 200n * GiB]) {
        await resizeIn(file, NAME, size);
        const image = await readImage(file);
        expect(image.disk.virtualSize).to.equal(size);
        expect(await mappablePayload(image)).to.equal(undefined);
        const occupancy = await readOccupancy(image, refuseMisplaced);
        expect(BigInt(occupancy.end) * MiB).to.equal(await file.size());
        expect(await get(file, 6n * MiB - 1n, 2)).to.deep.equal(Buffer.from([2, 0]));
        await put(file, size - 1n, Buffer.alloc(1));
      }
      expect(await file.size()).to.equal(10n * MiB + 7n * MiB + 200n * GiB - 6n * MiB);
    });
  });

  describe("that takes long", () => {
    it("tells how far it is, up to the end", async () => {
      const file = await create({ type: "dynamic", size: 200n * GiB, blockSize: 1 << 20 });
      for (const [size, total] of [
        [400n * GiB, 409600n * 8n + 99n * 8n],
        [100n * GiB, 300n * GiB],
      ] as const) {
        const told: bigint[] = [];
        await resizeIn(file, NAME, size, {
          onProgress: (done, all) => {
            expect(all).to.equal(total);
            told.push(done);
          },
        });
        expect(told.at(-1)).to.equal(total);
        expect(told).to.deep.equal(told.toSorted((one, other) => (one < other ? -1 : 1)));
      }
    });

    it("leaves the old size when it is aborted", async () => {
      const original = await create({ type: "fixed", size: 8n * MiB, blockSize: 1 << 20 });
      await resizeIn(original, NAME, 200n * GiB);
      await put(original, 0n, Buffer.from([1]));
      for (const size of [201n * GiB, 2000n * GiB]) {
        const file = original.copy();
        const stop = new AbortController();
        const options = {
          signal: stop.signal,
          onProgress: () => {
            stop.abort(new Error("enough"));
          },
        };
        const error = await rejection(resizeIn(file, NAME, size, options));
        expect(error).to.have.property("message", "enough");
        expect((await readImage(file)).disk.virtualSize).to.equal(200n * GiB);
        await resizeIn(file, NAME, size);
        expect((await readImage(file)).disk.virtualSize).to.equal(size);
        expect(await get(file, 0n, 1)).to.deep.equal(Buffer.from([1]));
      }
    });
  });
});

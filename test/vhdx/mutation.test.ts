import { expect } from "chai";
import fc from "fast-check";
import { MiB } from "../../src/kit/sizes.ts";
import { VhdxError } from "../../src/vhdx/error.ts";
import { growFixedIn } from "../../src/vhdx/operations/grow.ts";
import { mappablePayload, readImage } from "../../src/vhdx/image/image.ts";
import { recover } from "../../src/vhdx/log/replay.ts";
import { makeDirty } from "./support/dirty.ts";
import { createInMemory, editAll, headers, regionTables } from "./support/images.ts";
import type { MemoryFile } from "./support/memory-file.ts";
import { temporaryDirectory } from "./support/temp.ts";

/** Opens a file all the way; true when it is accepted, false for a VhdxError, and anything else is passed on. */
async function opens(file: MemoryFile): Promise<boolean> {
  try {
    const image = await readImage(file);
    const payload = await mappablePayload(image);
    expect(image.disk.virtualSize <= image.maximumSize).to.equal(true);
    if (payload !== undefined) {
      expect(payload + image.disk.virtualSize <= (await image.file.size())).to.equal(true);
    }
    return true;
  } catch (error) {
    if (error instanceof VhdxError) return false;
    throw error;
  }
}

/** The bytes that mean something, so that mutations hit them. */
const places = fc.oneof(
  fc.nat(519),
  fc.integer({ min: 0x10000, max: 0x10000 + 79 }),
  fc.integer({ min: 0x20000, max: 0x20000 + 79 }),
  fc.integer({ min: 0x30000, max: 0x30000 + 79 }),
  fc.integer({ min: 0x40000, max: 0x40000 + 79 }),
  fc.integer({ min: 2 << 20, max: (2 << 20) + 191 }),
  fc.integer({ min: (2 << 20) + 0x10000, max: (2 << 20) + 0x10000 + 39 }),
  fc.integer({ min: 3 << 20, max: (3 << 20) + 63 }),
  fc.nat((4 << 20) - 1),
);
const bytes = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
const mutations = fc.array(fc.tuple(places, bytes), { minLength: 1, maxLength: 6 });

describe("vhdx mutations", function () {
  this.timeout(120_000);
  const path = temporaryDirectory();
  let clean: MemoryFile;
  let dirty: MemoryFile;

  before(async () => {
    clean = await createInMemory(path("clean.vhdx"), { size: 8n * MiB });
    dirty = clean.copy();
    const data = clean.get(2n * MiB + 0x10000n, 4096);
    await makeDirty(dirty, [
      { offset: 2n * MiB + 0x10000n, data },
      { offset: 3n * MiB + 4096n, length: 8192n },
    ]);
    expect([await opens(clean), await opens(dirty)]).to.deep.equal([true, true]);
  });

  it("of any bytes are accepted or refused with a VhdxError", async () => {
    const seen = new Set<boolean>();
    await fc.assert(
      fc.asyncProperty(mutations, async (edits) => {
        const file = clean.copy();
        for (const [at, byte] of edits) file.put(BigInt(at), Buffer.from([byte]));
        seen.add(await opens(file));
      }),
      { numRuns: 4000 },
    );
    expect(seen.size, "both happen").to.equal(2);
  });

  it("with their checksums made right again go deeper, and no further", async () => {
    const seen = new Set<boolean>();
    const field = fc.tuple(fc.boolean(), fc.nat(79), bytes);
    await fc.assert(
      fc.asyncProperty(fc.array(field, { minLength: 1, maxLength: 4 }), mutations, async (fields, edits) => {
        const file = clean.copy();
        for (const [inHeader, at, byte] of fields) {
          editAll(file, inHeader ? headers : regionTables, (structure) => {
            structure[at] = byte;
          });
        }
        const [[at, byte]] = edits as [[number, number]];
        if (at >= 2 << 20) file.put(BigInt(at), Buffer.from([byte]));
        seen.add(await opens(file));
      }),
      { numRuns: 3000 },
    );
    expect(seen.size, "both happen").to.equal(2);
  });

  it("of the log are accepted or refused, for readers and writers alike", async () => {
    const inLog = fc.tuple(fc.oneof(fc.nat(200), fc.integer({ min: 4096, max: 8191 })), bytes, fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(inLog, { minLength: 1, maxLength: 4 }), async (edits) => {
        const file = dirty.copy();
        for (const [at, byte, repair] of edits) {
          const place = MiB + BigInt(at);
          if (repair) editAll(file, [{ offset: MiB, size: 8192 }], (entry) => (entry[at] = byte));
          else file.put(place, Buffer.from([byte]));
        }
        const readable = await opens(file);
        try {
          await recover(file);
        } catch (error) {
          expect(error).to.be.instanceOf(VhdxError);
          expect(readable, "what a reader accepts a writer can replay").to.equal(false);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("do not make growth do anything but grow or refuse", async () => {
    await fc.assert(
      fc.asyncProperty(mutations, async (edits) => {
        const file = clean.copy();
        for (const [at, byte] of edits) file.put(BigInt(at), Buffer.from([byte]));
        try {
          await growFixedIn(file, 12n * MiB);
        } catch (error) {
          if (!(error instanceof RangeError)) expect(error).to.be.instanceOf(VhdxError);
          return;
        }
        expect((await readImage(file)).disk.virtualSize).to.equal(12n * MiB);
      }),
      { numRuns: 1000 },
    );
  });
});

import { expect } from "chai";
import fc from "fast-check";
import { encodeFileIdentifier, readCreator } from "../../../src/vhdx/format/file-identifier.ts";
import { MemoryFile } from "../support/memory-file.ts";
import { expectVhdxError } from "../support/rejects.ts";

function holding(bytes: Buffer): MemoryFile {
  const file = new MemoryFile();
  file.put(0n, bytes);
  return file;
}

describe("vhdx file identifier", () => {
  it("is vhdxfile and the creator in UTF-16", () => {
    const bytes = encodeFileIdentifier("Hi");
    expect(bytes.length).to.equal(520);
    expect(bytes.toString("latin1", 0, 12)).to.equal("vhdxfileH\0i\0");
    expect(bytes.subarray(12).every((byte) => byte === 0)).to.equal(true);
  });

  it("round-trips any creator without NUL up to 256 units", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 80, unit: "binary" }), async (text) => {
        const creator = text.replaceAll("\0", "").slice(0, 256);
        const read = await readCreator(holding(encodeFileIdentifier(creator)));
        expect(read).to.equal(creator);
      }),
    );
    expect(await readCreator(holding(encodeFileIdentifier("x".repeat(256))))).to.equal("x".repeat(256));
  });

  it("refuses a longer creator", () => {
    expect(() => encodeFileIdentifier("x".repeat(257))).to.throw(RangeError, "256");
  });

  it("refuses a file that is something else", async () => {
    const bytes = encodeFileIdentifier("x");
    bytes.write("conectix");
    await expectVhdxError(readCreator(holding(bytes)), "file identifier", /at byte 0: not a VHDX/);
  });

  it("refuses an empty and a short file", async () => {
    await expectVhdxError(readCreator(new MemoryFile()), "file identifier");
    await expectVhdxError(readCreator(holding(Buffer.from("vhdxfile"))), "file identifier");
  });
});

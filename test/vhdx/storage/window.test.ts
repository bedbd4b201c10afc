import { expect } from "chai";
import { LENT_SIZE, withLentBuffer } from "../../../src/vhdx/storage/lent-buffer.ts";
import { withKnownSize, withWindow } from "../../../src/vhdx/storage/window.ts";
import { MemoryFile } from "../support/memory-file.ts";
import { expectVhdxError, rejection } from "../support/rejects.ts";

const base = () => {
  const file = new MemoryFile();
  file.put(0n, Buffer.from(Array.from({ length: 256 }, (_, index) => index)));
  return file;
};

describe("vhdx window", () => {
  it("reads the window once and serves it from memory", async () => {
    const file = base();
    await withWindow(file, 10n, 20, async (windowed) => {
      file.put(0n, Buffer.alloc(256));
      expect([...(await windowed.read("x", 10n, 3))]).to.deep.equal([10, 11, 12]);
      expect([...(await windowed.read("x", 27n, 3))]).to.deep.equal([27, 28, 29]);
      const target = Buffer.alloc(2);
      await windowed.readInto("x", 15n, target);
      expect([...target]).to.deep.equal([15, 16]);
    });
  });

  it("reads everything else from the file", async () => {
    await withWindow(base(), 10n, 20, async (windowed) => {
      expect([...(await windowed.read("x", 9n, 2))]).to.deep.equal([9, 10]);
      expect([...(await windowed.read("x", 29n, 2))]).to.deep.equal([29, 30]);
      expect([...(await windowed.read("x", 200n, 1))]).to.deep.equal([200]);
    });
  });

  it("is content with less when the file ends inside or before the window", async () => {
    await withWindow(base(), 250n, 20, async (inside) => {
      expect([...(await inside.read("x", 254n, 2))]).to.deep.equal([254, 255]);
      await expectVhdxError(inside.read("x", 254n, 3), "x");
    });
    await withWindow(base(), 1000n, 20, async (beyond) => {
      await expectVhdxError(beyond.read("x", 1000n, 1), "x");
      expect(await beyond.size()).to.equal(256n);
    });
  });

  it("never shows what a window before it held", async () => {
    const secret = new MemoryFile();
    secret.put(0n, Buffer.alloc(LENT_SIZE, 0xaa));
    await withWindow(secret, 0n, LENT_SIZE, () => Promise.resolve());
    await withWindow(base(), 0n, LENT_SIZE, async (windowed) => {
      await expectVhdxError(windowed.read("x", 250n, 7), "x");
      expect((await windowed.read("x", 0n, 256)).includes(0xaa, 0xab)).to.equal(false);
    });
  });

  it("has a largest size", async () => {
    const error = await rejection(withWindow(base(), 0n, LENT_SIZE + 1, () => Promise.resolve()));
    expect(error).to.be.instanceOf(RangeError);
  });
});

describe("vhdx lent buffers", () => {
  it("are never lent to two at once, and come back from those who fail", async () => {
    const inUse = new Set<Buffer>();
    const borrow = (index: number) =>
      withLentBuffer(async (buffer) => {
        expect(inUse.has(buffer)).to.equal(false);
        expect(buffer.length).to.equal(LENT_SIZE);
        inUse.add(buffer);
        await new Promise(setImmediate);
        inUse.delete(buffer);
        if (index % 3 === 0) throw new Error("user");
      }).catch(() => undefined);
    for (let round = 0; round < 5; round++) {
      await Promise.all(Array.from({ length: 20 }, (_, index) => borrow(index)));
    }
    const before = await withLentBuffer((buffer) => Promise.resolve(buffer));
    await withLentBuffer(() => Promise.reject(new Error("user"))).catch(() => undefined);
    expect(await withLentBuffer((buffer) => Promise.resolve(buffer))).to.equal(before);
  });
});

describe("vhdx file of known size", () => {
  it("keeps the size that it had, and reads what is there now", async () => {
    const file = base();
    const known = await withKnownSize(file);
    await file.resize(512n);
    file.put(0n, Buffer.from([7]));
    expect(await known.size()).to.equal(256n);
    expect([...(await known.read("x", 0n, 1))]).to.deep.equal([7]);
    expect(known.identity).to.equal(file.identity);
  });
});

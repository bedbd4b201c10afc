import { expect } from "chai";
import { MetadataPages, placeInPage } from "../../../src/vhdx/disk/metadata-pages.ts";
import { expectVhdxError } from "../support/rejects.ts";
import { MemoryFile } from "../support/memory-file.ts";

const PAGE = 65536;

async function fileOf(pages: number): Promise<MemoryFile> {
  const file = new MemoryFile();
  await file.resize(BigInt(pages * PAGE));
  for (let page = 0; page < pages; page++) file.put(BigInt(page * PAGE), Buffer.from([page + 1]));
  return file;
}

describe("vhdx metadata pages", () => {
  it("are read once and found by any offset in them", async () => {
    const file = await fileOf(3);
    let reads = 0;
    const read = file.read.bind(file);
    file.read = (...args) => {
      reads += 1;
      return read(...args);
    };
    const pages = new MetadataPages(file);
    expect(pages.view(PAGE + 5)).to.equal(undefined);
    await Promise.all([pages.load("table", PAGE + 5), pages.load("table", PAGE + 70)]);
    expect(reads).to.equal(1);
    expect(pages.view(PAGE + 70)?.getUint8(placeInPage(PAGE))).to.equal(2);
    expect(pages.view(2 * PAGE)).to.equal(undefined);
  });

  it("name the structure when the file ends before them", async () => {
    const pages = new MetadataPages(await fileOf(1));
    await expectVhdxError(pages.need("sector bitmap", PAGE), "sector bitmap");
  });

  it("are a bounded number, of which changed ones stay", async () => {
    const pages = new MetadataPages(await fileOf(8), 2);
    const first = await pages.need("table", 0);
    first.setUint8(100, 7);
    pages.markDirty(100, 1);
    for (let page = 1; page < 8; page++) await pages.load("table", page * PAGE);
    const held = [0, 1, 2, 3, 4, 5, 6, 7].filter((page) => pages.view(page * PAGE) !== undefined);
    expect(held).to.deep.equal([0, 7]);
    pages.markClean();
    await pages.load("table", PAGE);
    expect(pages.view(0)).to.equal(undefined);
  });

  it("give changed sectors as copies, in file order", async () => {
    const pages = new MetadataPages(await fileOf(2));
    const second = await pages.need("table", PAGE);
    const first = await pages.need("table", 0);
    second.setUint8(4095, 1);
    second.setUint8(4096, 2);
    pages.markDirty(PAGE + 4095, 2);
    first.setUint8(9000, 3);
    pages.markDirty(9000, 1);
    pages.markDirty(9001, 1);
    expect(pages.dirtyCount).to.equal(3);
    const changes = pages.changes();
    expect(changes.map(({ offset }) => Number(offset))).to.deep.equal([8192, PAGE, PAGE + 4096]);
    first.setUint8(9000, 99);
    expect("data" in changes[0]! && changes[0].data[9000 - 8192]).to.equal(3);
    pages.markClean();
    expect(pages.changes()).to.deep.equal([]);
  });
});

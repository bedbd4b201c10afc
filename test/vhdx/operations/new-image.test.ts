import { expect } from "chai";
import { GiB, MiB, TiB } from "../../../src/kit/sizes.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { newVhdxImage, type NewImageOptions } from "../../../src/vhdx/operations/new-image.ts";

const virtualDiskId = randomGuid();
const parent = { linkage: randomGuid(), relativePath: ".\\base.vhdx" };

const layouts: [string, NewImageOptions, { tableMiB: bigint; payload: bigint | undefined }][] = [
  ["a small fixed disk", { type: "fixed", size: GiB, virtualDiskId }, { tableMiB: 1n, payload: 4n }],
  // The largest whose entries fit in 256 KiB, and the next.
  [
    "a fixed disk of 256 KiB of table",
    { type: "fixed", size: 65_506n * MiB, virtualDiskId },
    { tableMiB: 1n, payload: 4n },
  ],
  [
    "a larger fixed disk",
    { type: "fixed", size: 65_506n * MiB + 512n, virtualDiskId },
    { tableMiB: 2n, payload: 5n },
  ],
  ["a dynamic disk", { type: "dynamic", size: TiB, virtualDiskId }, { tableMiB: 2n, payload: undefined }],
  // 33 chunks of 2049 entries.
  [
    "a differencing disk",
    { type: "differencing", size: 129n * GiB, virtualDiskId, parent },
    { tableMiB: 3n, payload: undefined },
  ],
  [
    "a disk that is to grow",
    { type: "dynamic", size: GiB, maximumSize: 64n * TiB, virtualDiskId },
    { tableMiB: 17n, payload: undefined },
  ],
  [
    "a disk whose maximum is below the reserve",
    { type: "dynamic", size: 4n * TiB, maximumSize: 5n * TiB, virtualDiskId },
    { tableMiB: 5n, payload: undefined },
  ],
  [
    "the largest disk of small blocks",
    { type: "fixed", size: 64n * TiB, blockSize: 1 << 20, virtualDiskId },
    { tableMiB: 513n, payload: 516n },
  ],
];

describe("vhdx layout of a new image", () => {
  for (const [what, options, { tableMiB, payload }] of layouts) {
    it(`keeps ${tableMiB} MiB for the table of ${what}`, () => {
      const { info, size } = newVhdxImage(options);
      expect(info.payloadOffset).to.equal(payload === undefined ? undefined : payload * MiB);
      if (payload === undefined) expect(size).to.equal((3n + tableMiB) * MiB);
      expect(info.fileSize).to.equal(size);
      expect(info.maximumSize >= (options.maximumSize ?? options.size)).to.equal(true);
    });
  }

  it("comes in pieces that fit in memory, however large the table is", () => {
    const { body } = newVhdxImage({ type: "fixed", size: 64n * TiB, blockSize: 1 << 20, virtualDiskId });
    let pieces = 0;
    for (const { offset, bytes } of body) {
      expect(bytes.length).to.be.at.most(1 << 20);
      // The first 4 MiB of the table say as much as all 512.
      if (offset >= 7n * MiB) break;
      pieces++;
    }
    expect(pieces).to.be.above(8);
  });

  it("says of a parent what the file will say", () => {
    const spelled = { ...parent, linkage: parent.linkage.toUpperCase() };
    const { info } = newVhdxImage({ type: "differencing", size: MiB, virtualDiskId, parent: spelled });
    expect(info).to.deep.include({ type: "differencing", blockSize: 2 << 20, parentLocator: parent });
  });

  it("refuses a parent that could not be read again", () => {
    const create = (wrong: typeof parent) => () =>
      newVhdxImage({ type: "differencing", size: MiB, virtualDiskId, parent: wrong });
    expect(create({ ...parent, linkage: "nonsense" })).to.throw(RangeError, /not a GUID/);
    expect(create({ ...parent, relativePath: "a\0b" })).to.throw(RangeError, /NUL/);
  });
});

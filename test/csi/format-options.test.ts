import { expect } from "chai";
import { checkFormatOptions, type FormatOptions } from "../../src/csi/format-options.ts";
import { fileSystems, type FileSystem } from "../../src/csi/volume-capability.ts";
import { thrownBy } from "../support/failure.ts";

const refusals: [FileSystem, FormatOptions, text: string][] = [
  ["ext4", { blockSize: 512 }, "1024, 2048, 4096"],
  ["ext4", { blockSize: 8192 }, "fsBlockSize 8192 is not for ext4"],
  ["ext4", { blockSize: 3000 }, "1024, 2048, 4096"],
  ["ext4", { inodeSize: 64 }, "128, 256, 512, 1024, 2048"],
  ["ext4", { inodeSize: 300 }, "fsInodeSize 300"],
  ["ext4", { blockSize: 1024, inodeSize: 2048 }, "blocks of 1024 bytes: at most 1024"],
  ["ext4", { reservedBlocksPercentage: 51 }, "0 to 50"],
  ["xfs", { blockSize: 512 }, "1024, 2048, 4096"],
  ["xfs", { blockSize: 65536 }, "fsBlockSize 65536 is not for xfs"],
  ["xfs", { inodeSize: 256 }, "512, 1024, 2048"],
  ["xfs", { blockSize: 1024, inodeSize: 1024 }, "at most 512"],
  ["xfs", { blockSize: 2048, inodeSize: 2048 }, "at most 1024"],
  ["xfs", { reservedBlocksPercentage: 5 }, "fsReservedBlocksPercentage is not for xfs"],
  ["xfs", { reservedBlocksPercentage: 0 }, "fsReservedBlocksPercentage is not for xfs"],
  ["btrfs", { blockSize: 1024 }, "4096"],
  ["btrfs", { inodeSize: 256 }, "fsInodeSize is not for btrfs"],
  ["btrfs", { reservedBlocksPercentage: 1 }, "fsReservedBlocksPercentage is not for btrfs"],
];

const accepted: [FileSystem, FormatOptions][] = [
  ["ext4", { blockSize: 1024, inodeSize: 1024, reservedBlocksPercentage: 50 }],
  ["ext4", { inodeSize: 2048 }],
  ["xfs", { blockSize: 4096, inodeSize: 2048 }],
  ["xfs", { inodeSize: 512 }],
  ["btrfs", { blockSize: 4096 }],
];

describe("format options", () => {
  for (const [fsType, format, text] of refusals) {
    it(`are refused for ${fsType}: ${JSON.stringify(format)}`, () => {
      const error = thrownBy(() => {
        checkFormatOptions(fsType, format);
      });
      expect(error.code).to.equal("INVALID_ARGUMENT");
      expect(error.message).to.contain(text);
    });
  }

  for (const [fsType, format] of accepted) {
    it(`are fine for ${fsType}: ${JSON.stringify(format)}`, () => {
      checkFormatOptions(fsType, format);
    });
  }

  it("can be left out", () => {
    for (const fsType of fileSystems) checkFormatOptions(fsType, {});
  });
});

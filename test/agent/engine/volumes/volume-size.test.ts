import { expect } from "chai";
import fc from "fast-check";
import {
  layoutFor,
  LARGEST_VOLUME,
  sizeInRange,
  SMALLEST_VOLUME,
} from "../../../../src/agent/engine/volumes/volume-size.ts";
import { GiB, MiB, TiB } from "../../../../src/kit/sizes.ts";
import { StatusError } from "../../../../src/kit/errors.ts";
import { thrownBy } from "../../../support/failure.ts";
import { exactly } from "../../../support/engine-rig.ts";

const bytes = fc.bigInt({ min: 0n, max: LARGEST_VOLUME });

describe("the size of a volume", () => {
  it("is the least in whole blocks that holds what was asked for, within the limit", () => {
    fc.assert(
      fc.property(bytes, fc.option(bytes, { nil: undefined }), (required, limit) => {
        let layout;
        try {
          layout = layoutFor({ required, limit });
        } catch (error) {
          expect((error as StatusError).code).to.equal("OUT_OF_RANGE");
          expect(limit !== undefined && limit < layoutFor(exactly(required)).size).to.equal(true);
          return;
        }
        const block = BigInt(layout.blockSize);
        const least = required < SMALLEST_VOLUME ? SMALLEST_VOLUME : required;
        expect(layout.size % block).to.equal(0n);
        expect(layout.size >= least && layout.size - least < block).to.equal(true);
        expect(limit === undefined || layout.size <= limit).to.equal(true);
        expect(layout.size <= layout.maximumSize && layout.maximumSize <= LARGEST_VOLUME).to.equal(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("never loses a byte at the edges of blocks", () => {
    const block = 2n * MiB;
    for (const [required, size] of [
      [0n, 6n * MiB],
      [1n, 6n * MiB],
      [6n * MiB, 6n * MiB],
      [6n * MiB + 1n, 8n * MiB],
      [GiB - 1n, GiB],
      [GiB, GiB],
      [GiB + 1n, GiB + block],
      [TiB - 1n, TiB],
      [TiB, TiB],
      [TiB + 1n, TiB + 32n * MiB],
      [LARGEST_VOLUME - 1n, LARGEST_VOLUME],
      [LARGEST_VOLUME, LARGEST_VOLUME],
    ] as const) {
      expect(layoutFor(exactly(required)).size, String(required)).to.equal(size);
    }
  });

  it("decides how far the volume can grow later: at least twice, or to the end of the format", () => {
    expect(layoutFor(exactly(GiB))).to.deep.include({
      blockSize: 2 * 1024 * 1024,
      maximumSize: 2n * TiB,
    });
    expect(layoutFor(exactly(TiB - 1n)).maximumSize).to.equal(2n * TiB);
    expect(layoutFor(exactly(TiB))).to.deep.include({
      blockSize: 32 * 1024 * 1024,
      maximumSize: 64n * TiB,
    });
  });

  it("has no disk beyond the largest, and none below zero", () => {
    for (const required of [LARGEST_VOLUME + 1n, 2n ** 63n - 1n]) {
      const error = thrownBy(() => layoutFor(exactly(required)));
      expect(error).to.include({ code: "OUT_OF_RANGE" });
      expect(error.message).to.include("64 TiB");
    }
    for (const required of [-1n, -(2n ** 63n)]) {
      expect(thrownBy(() => layoutFor(exactly(required)))).to.include({ code: "INVALID_ARGUMENT" });
    }
  });

  it("is refused when rounding up to blocks or to the smallest disk passes the limit", () => {
    for (const range of [
      { required: 0n, limit: SMALLEST_VOLUME - 1n },
      { required: GiB + 1n, limit: GiB + 2n * MiB - 1n },
      { required: 10n * MiB, limit: 9n * MiB },
    ]) {
      const error = thrownBy(() => layoutFor(range));
      expect(error.code).to.equal("OUT_OF_RANGE");
      expect(error.message).to.include(String(range.limit));
    }
    expect(layoutFor({ required: GiB + 1n, limit: GiB + 2n * MiB }).size).to.equal(GiB + 2n * MiB);
  });

  it("of a disk that grows follows that disk's own blocks", () => {
    expect(sizeInRange(exactly(9n * MiB), 9n * MiB, MiB)).to.equal(9n * MiB);
    expect(sizeInRange(exactly(9n * MiB), 9n * MiB, 256n * MiB)).to.equal(256n * MiB);
  });
});

import { writeChecksum } from "../../../src/vhdx/format/checksum.ts";
import { headerLayout } from "../../../src/vhdx/format/header.ts";
import { regionTableLayout } from "../../../src/vhdx/format/region-table.ts";
import type { MemoryFile } from "../support/memory-file.ts";
import type { Random } from "../../support/random.ts";

const MIB = 1 << 20;
const [header1, header2] = headerLayout.copies.map(Number) as [number, number];
const [regions1, regions2] = regionTableLayout.copies.map(Number) as [number, number];
const metadata = 2 * MIB;
const items = metadata + 0x10000;
const table = 3 * MIB;

/** Where the bytes lie that mean something: [offset, length], by structure. */
const places: readonly (readonly [number, number])[] = [
  [0, 24],
  [header1, 80],
  [header2, 80],
  [regions1, 80],
  [regions2, 80],
  [MIB, 64 + 2 * 32],
  [MIB + 4096, 16],
  [MIB + 8180, 12],
  [metadata, 32 + 6 * 32],
  [items, 40],
  [items + 40, 300],
  [table, 64],
  // The first sector bitmap entry of a disk with blocks of 1 MiB: chunks have 4096 blocks, or 32768.
  [table + 4096 * 8, 8],
  [table + 32768 * 8, 8],
];

/** Structures with a checksum: [offset, size]. */
const checked: readonly (readonly [number, number])[] = [
  [header1, headerLayout.size],
  [header2, headerLayout.size],
  [regions1, regionTableLayout.size],
  [regions2, regionTableLayout.size],
  [MIB, 8192],
];

const numbers = [
  0n,
  1n,
  2n,
  3n,
  7n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x0010_0000n,
  0x7fff_ffffn,
  0xffff_ffffn,
  2n ** 40n,
  2n ** 44n,
  2n ** 46n + 512n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** Damages a file in one to six places; most of the time the checksums are made right again, to get further in. */
export function mutate(file: MemoryFile, random: Random): void {
  for (let count = 1 + random.below(6); count > 0; count--) mutateOnce(file, random);
  if (random.below(4) > 0) for (const [offset, size] of checked) rehash(file, offset, size);
}

function mutateOnce(file: MemoryFile, random: Random): void {
  const [start, length] = random.pick(places);
  const at = BigInt(start + random.below(length));
  switch (random.below(8)) {
    case 0: {
      file.put(at, Buffer.from([random.below(256)]));
      return;
    }
    case 1: {
      file.put(at, Buffer.from([file.get(at, 1)[0]! ^ (1 << random.below(8))]));
      return;
    }
    case 2: {
      putNumber(file, BigInt(start + random.below(length / 8) * 8), 8, random.pick(numbers));
      return;
    }
    case 3: {
      putNumber(file, BigInt(start + random.below(length / 4) * 4), 4, random.pick(numbers));
      return;
    }
    case 4: {
      putNumber(file, BigInt(start + random.below(length / 2) * 2), 2, random.pick(numbers));
      return;
    }
    case 5: {
      // A neighbour of the number that is there.
      const place = BigInt(start + random.below(length / 8) * 8);
      const step = random.pick([-1n, 1n, -8n, 8n, 1n << 20n, -(1n << 20n)]);
      putNumber(file, place, 8, file.get(place, 8).readBigUInt64LE() + step);
      return;
    }
    case 6: {
      const [from, fromLength] = random.pick(places);
      file.put(at, file.get(BigInt(from), Math.min(fromLength, 1 + random.below(64))));
      return;
    }
    default: {
      resize(file, random);
      return;
    }
  }
}

function putNumber(file: MemoryFile, at: bigint, size: number, value: bigint): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  file.put(at, bytes.subarray(0, size));
}

/** Seldom: most of the time a cut-off file is refused at once. */
function resize(file: MemoryFile, random: Random): void {
  if (random.below(4) > 0) return;
  const lengths = [
    0n,
    500n,
    0x10000n,
    0x50000n,
    1n << 20n,
    3n << 20n,
    (4n << 20n) + 17n,
    9n << 20n,
    1n << 44n,
  ];
  void file.resize(random.pick(lengths));
}

function rehash(file: MemoryFile, offset: number, size: number): void {
  const bytes = file.get(BigInt(offset), size);
  writeChecksum(bytes, size);
  file.put(BigInt(offset), bytes.subarray(0, 8));
}

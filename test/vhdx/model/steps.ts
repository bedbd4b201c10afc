import fc from "fast-check";

/** One thing done to a disk. Places and sizes are shares of what the disk has when it is done. */
export type Step =
  | { readonly kind: "write"; readonly at: number; readonly length: number; readonly byte: number }
  | { readonly kind: "zero" | "trim" | "read"; readonly at: number; readonly length: number }
  | { readonly kind: "resize"; readonly sectors: number; readonly blocks: number }
  | { readonly kind: "flush" | "reopen" | "child" | "clone" | "compact" | "flatten" };

export interface Start {
  readonly type: "fixed" | "dynamic";
  readonly blocks: number;
  /** Logical sectors more than whole blocks; none in fixed disks. */
  readonly sectors: number;
  readonly sectorSize: 512 | 4096;
}

const share = fc.double({ min: 0, max: 1, noNaN: true });
/** Mostly short, sometimes over several blocks. */
const length = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 9000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 1_200_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(512, 4096, 1 << 20, 2 << 20, 5 << 20) },
);
const place = { at: share, length };

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("write" as const),
        ...place,
        byte: fc.integer({ min: 1, max: 255 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("zero", "trim", "read"), ...place }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("resize" as const),
        sectors: fc.nat(255),
        blocks: fc.integer({ min: -3, max: 3 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("flush", "reopen", "child", "clone") }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("compact", "flatten") }) },
  ),
  { minLength: 1, maxLength: 14, size: "max" },
);

export const start: fc.Arbitrary<Start> = fc.record({
  type: fc.constantFrom("fixed", "dynamic"),
  blocks: fc.integer({ min: 1, max: 5 }),
  sectors: fc.nat(255),
  sectorSize: fc.constantFrom(512, 4096),
});

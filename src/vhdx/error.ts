/** A file is not a VHDX, is damaged, or cannot do what was asked. Names the structure and where it lies. */
export class VhdxError extends Error {
  override readonly name = "VhdxError";
  /** The structure at fault in plain words, e.g. `region table`. */
  readonly structure: string;
  /** Byte offset of the faulty field or structure in the file. */
  readonly offset: bigint;
  /** What is wrong with it: the message without structure and offset. */
  readonly problem: string;

  constructor(structure: string, offset: bigint | number, problem: string) {
    super(`${structure} at byte ${offset}: ${problem}`);
    this.structure = structure;
    this.offset = BigInt(offset);
    this.problem = problem;
  }
}

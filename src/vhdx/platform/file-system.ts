/** Bytes [start, end). */
export interface ByteRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** What Node's own file calls lack. One implementation is chosen when the program starts. */
export interface FileSystem {
  /** Why holes can't be told and made here; undefined when they can. */
  readonly missing: string | undefined;
  /**
   * The first stretch of [`from`, `to`) of an open file that may hold anything but zeros; undefined when there is
   * none. Where holes can't be told it is the whole of it.
   */
  nextData(descriptor: number, from: bigint, to: bigint): ByteRange | undefined;
  /** Gives the space of whole pages back, they read as zeros then; false, and nothing changed, where that can't be done. */
  punch(descriptor: number, offset: bigint, length: bigint): Promise<boolean>;
}

/** Every byte may be data, no space can be given back. */
export const plain: FileSystem = {
  missing: "no native file calls",
  nextData: (_descriptor, start, end) => (start < end ? { start, end } : undefined),
  punch: () => Promise.resolve(false),
};

export const fileSystem: FileSystem = plain;

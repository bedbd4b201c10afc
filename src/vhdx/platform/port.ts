/** Bytes [start, end) of a file. */
export interface ByteRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** What Node's own file calls lack. */
export interface FileSystem {
  /**
   * The first stretch of [`from`, `to`) of an open file that may hold anything but zeros; undefined when there is
   * none. Where holes can't be told it is the whole of it.
   */
  nextData(descriptor: number, from: bigint, to: bigint): ByteRange | undefined;
  /** Gives a range's space back, it reads as zeros then; false, and nothing changed, where that can't be done. */
  punch(descriptor: number, offset: bigint, length: bigint): Promise<boolean>;
  /** Makes `to`, which must not exist, share all of `from`'s space; false, and no file there, where that can't be done. */
  cloneFile(from: string, to: string): Promise<boolean>;
  /** VhdxError when Hyper-V would refuse a disk for what the file system does with its file. */
  refuseUnfit(path: string): void;
}

/** What a disk should hold: its bytes, all in memory. Offsets and sizes in bytes. */
export class DiskModel {
  readonly blockSize: number;
  bytes: Buffer;

  constructor(size: number, blockSize: number, bytes = Buffer.alloc(size)) {
    this.blockSize = blockSize;
    this.bytes = bytes;
  }

  get size(): number {
    return this.bytes.length;
  }

  copy(): DiskModel {
    return new DiskModel(this.size, this.blockSize, Buffer.from(this.bytes));
  }

  write(offset: number, data: Uint8Array): void {
    this.bytes.set(data, offset);
  }

  zero(offset: number, length: number): void {
    this.bytes.fill(0, offset, offset + length);
  }

  /** Blocks wholly inside read as zeros; the last one may be cut short by the end of the disk. */
  trim(offset: number, length: number): void {
    for (let start = 0; start < this.size; start += this.blockSize) {
      const end = Math.min(start + this.blockSize, this.size);
      if (start >= offset && end <= offset + length) this.bytes.fill(0, start, end);
    }
  }

  /** True when nothing but zeros lies behind `size`. */
  canShrinkTo(size: number): boolean {
    return this.bytes.subarray(size).every((byte) => byte === 0);
  }

  resize(size: number): void {
    const bytes = Buffer.alloc(size);
    this.bytes.copy(bytes);
    this.bytes = bytes;
  }
}

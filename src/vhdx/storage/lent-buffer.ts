/** Bytes of a lent buffer: all of a VHDX file's front. */
export const LENT_SIZE = 256 * 1024;

/** Kept for the next ones who ask; more than a few are only in use at once when many files are. */
const SPARES = 4;

const spare: Buffer[] = [];

/**
 * Runs `use` with a buffer of LENT_SIZE bytes that was used before: a fresh one of that size costs more than what is
 * read into it. Nothing may read or write it once `use` has ended.
 */
export async function withLentBuffer<T>(use: (buffer: Buffer) => Promise<T>): Promise<T> {
  const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(LENT_SIZE);
  try {
    return await use(buffer);
  } finally {
    if (spare.length < SPARES) spare.push(buffer);
  }
}

/** Told how much of a long operation is done. Bytes. */
export type OnProgress = (done: bigint, total: bigint) => void;

const STEP = 1n << 20n;

/** Passes on what is done at most once for each MiB, and the end. */
export function progressOf(total: bigint, onProgress: OnProgress | undefined): (done: bigint) => void {
  let told = 0n;
  return (done) => {
    if (done < told + STEP && done < total) return;
    told = done;
    onProgress?.(done, total);
  };
}

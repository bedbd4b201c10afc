import { MiB } from "../../../kit/sizes.ts";
import type { Occupancy } from "../../image/occupancy.ts";
import { withCreatedFile } from "../../storage/created-file.ts";
import type { ReadableFile } from "../../storage/file.ts";
import { copyData, type DataRange } from "../copy-data.ts";

/** Copies what belongs to something in `source` to the new file `target`; all else, and holes, become holes. */
export function copyOwnedParts(
  source: ReadableFile,
  occupancy: Occupancy,
  target: string,
  signal: AbortSignal | undefined,
  onProgress: (position: number) => void,
): Promise<void> {
  return withCreatedFile(target, async (file) => {
    const size = await source.size();
    await file.resize(size);
    const ends = {
      read: (offset: number, bytes: Uint8Array) => source.readInto("file", BigInt(offset), bytes),
      write: (offset: number, bytes: Uint8Array) => file.write(BigInt(offset), bytes),
    };
    await copyData(ownedData(source, occupancy, Number(size)), ends, signal, onProgress);
  });
}

async function* ownedData(
  file: ReadableFile,
  occupancy: Occupancy,
  size: number,
): AsyncGenerator<DataRange, void, undefined> {
  const mib = Number(MiB);
  const end = Math.ceil(size / mib);
  for (let first = 0; first < end; first++) {
    if (!occupancy.isTaken(first)) continue;
    let last = first;
    while (last + 1 < end && occupancy.isTaken(last + 1)) last += 1;
    const stop = BigInt(Math.min((last + 1) * mib, size));
    for (let at = BigInt(first * mib); at < stop;) {
      const data = file.nextData(at, stop);
      if (data === undefined) break;
      yield await Promise.resolve({ start: Number(data.start), end: Number(data.end) });
      at = data.end;
    }
    first = last;
  }
}

import { withFile, type WritableFile } from "../../src/vhdx/storage/file.ts";

/** What a cut change ends with. */
export class Cut extends Error {}

/** Changes a file and dies before operation `steps`; true when there was more to do. */
export async function cutAfter(
  path: string,
  steps: number,
  change: (file: WritableFile) => Promise<void>,
): Promise<boolean> {
  let left = steps;
  const count = () => {
    if (left-- === 0) throw new Cut();
  };
  try {
    await withFile(path, "r+", (file) =>
      change({
        identity: file.identity,
        size: () => file.size(),
        read: (structure, offset, length) => file.read(structure, offset, length),
        readInto: (structure, offset, target) => file.readInto(structure, offset, target),
        nextData: (from, to) => file.nextData(from, to),
        punch: async (offset, length) => {
          count();
          return file.punch(offset, length);
        },
        write: async (offset, data) => {
          count();
          await file.write(offset, data);
        },
        resize: async (size) => {
          count();
          await file.resize(size);
        },
        flush: async () => {
          count();
          await file.flush();
        },
      }),
    );
    return false;
  } catch (error) {
    if (error instanceof Cut) return true;
    throw error;
  }
}

import { rm } from "node:fs/promises";
import { withFile } from "../storage/file.ts";
import type { VhdxInfo } from "../image/inspect.ts";
import { newVhdxImage, type NewImageOptions } from "./new-image.ts";

/**
 * Creates a VHDX file that was not there (EEXIST otherwise). Its contents are durable when the promise resolves; the
 * caller makes its name so. On failure nothing stays. RangeError when an option is out of range.
 */
export async function createVhdx(path: string, options: NewImageOptions): Promise<VhdxInfo> {
  const { info, size, pieces } = newVhdxImage(options);
  await withFile(path, "wx", async (file) => {
    try {
      await file.resize(size);
      for (const { offset, bytes } of pieces) await file.write(offset, bytes);
      await file.flush();
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  });
  return info;
}

import type { WritableFile } from "../../../src/vhdx/storage/file.ts";
import type { MemoryFile } from "./memory-file.ts";

export type Operation =
  | { readonly kind: "write"; readonly offset: bigint; readonly data: Buffer }
  | { readonly kind: "resize"; readonly size: bigint }
  | { readonly kind: "punch"; readonly offset: bigint; readonly length: bigint }
  | { readonly kind: "flush" };

/** Passes everything on to `file` and notes every change in `operations`. */
export function recording(file: WritableFile, operations: Operation[]): WritableFile {
  return {
    identity: file.identity,
    size: () => file.size(),
    read: (structure, offset, length) => file.read(structure, offset, length),
    readInto: (structure, offset, target) => file.readInto(structure, offset, target),
    nextData: (from, to) => file.nextData(from, to),
    punch: (offset, length) => {
      operations.push({ kind: "punch", offset, length });
      return file.punch(offset, length);
    },
    write: (offset, data) => {
      operations.push({ kind: "write", offset, data: Buffer.from(data) });
      return file.write(offset, data);
    },
    resize: (size) => {
      operations.push({ kind: "resize", size });
      return file.resize(size);
    },
    flush: () => {
      operations.push({ kind: "flush" });
      return file.flush();
    },
  };
}

/** Does one recorded operation. */
export async function perform(file: MemoryFile, operation: Operation): Promise<void> {
  if (operation.kind === "write") file.put(operation.offset, operation.data);
  if (operation.kind === "punch") await file.punch(operation.offset, operation.length);
  if (operation.kind === "resize") await file.resize(operation.size);
}

import { dirname, relative, resolve } from "node:path";
import { VhdxError } from "../error.ts";
import { readImage } from "../image/image.ts";
import type { VhdxInfo } from "../image/inspect.ts";
import { withFile } from "../storage/file.ts";
import { createVhdx } from "./create.ts";
import type { NewChildOptions } from "./new-image.ts";

export interface CreateChildOptions {
  /** Bytes; the parent's size unless given, and not below it. */
  readonly size?: bigint;
  /** A power of two from 1 MiB to 256 MiB; 2 MiB unless given. */
  readonly blockSize?: number;
  readonly signal?: AbortSignal;
}

/**
 * Creates a differencing disk on top of the disk in `parentPath`, which must not change any more: the child is tied to
 * its DataWriteGuid. It keeps the parent's VirtualDiskId and sectors. Otherwise like `createVhdx`; VhdxError
 * when the parent is damaged.
 */
export async function createChild(
  path: string,
  parentPath: string,
  options: CreateChildOptions = {},
): Promise<VhdxInfo> {
  const { disk, current } = await withFile(parentPath, "r", readImage);
  const size = options.size ?? disk.virtualSize;
  if (size < disk.virtualSize) {
    throw new RangeError(`a child of ${size} bytes is smaller than its parent of ${disk.virtualSize}`);
  }
  const image: NewChildOptions = {
    type: "differencing",
    size,
    virtualDiskId: disk.virtualDiskId,
    logicalSectorSize: sectorSize(disk.logicalSectorSize),
    physicalSectorSize: sectorSize(disk.physicalSectorSize),
    ...(options.blockSize === undefined ? {} : { blockSize: options.blockSize }),
    parent: {
      linkage: current.header.dataWriteGuid,
      relativePath: windowsRelativePath(path, parentPath),
      // Spelled as on Windows everywhere: libvhdi looks for its last part beside the child.
      absolutePath: resolve(parentPath).replaceAll("/", "\\"),
    },
  };
  return createVhdx(path, image, options.signal);
}

/** Where `parentPath` is from the directory of `path`, as Windows spells it: `.\base.vhdx`, `..\disks\base.vhdx`. */
export function windowsRelativePath(path: string, parentPath: string): string {
  const steps = relative(dirname(resolve(path)), resolve(parentPath)).split(/[\\/]/);
  return (steps[0] === ".." ? steps : [".", ...steps]).join("\\");
}

function sectorSize(bytes: number): 512 | 4096 {
  if (bytes === 512 || bytes === 4096) return bytes;
  throw new VhdxError("metadata", 0, `sectors of ${bytes} bytes`);
}

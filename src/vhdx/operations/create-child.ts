import { realpath } from "node:fs/promises";
import nodePath, { basename, dirname, join, relative, resolve } from "node:path";
import { VhdxError } from "../error.ts";
import type { ParentLocator } from "../format/parent-locator.ts";
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
  /** At most 256 UTF-16 units. */
  readonly creator?: string;
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
  const { size = disk.virtualSize, signal, ...others } = options;
  if (size < disk.virtualSize) {
    throw new RangeError(`a child of ${size} bytes is smaller than its parent of ${disk.virtualSize}`);
  }
  const image: NewChildOptions = {
    ...others,
    type: "differencing",
    size,
    virtualDiskId: disk.virtualDiskId,
    logicalSectorSize: sectorSize(disk.logicalSectorSize),
    physicalSectorSize: sectorSize(disk.physicalSectorSize),
    parent: {
      linkage: current.header.dataWriteGuid,
      ...parentPaths(
        // Steps upwards count from where the directory really is.
        await realpath(dirname(path)),
        join(await realpath(dirname(parentPath)), basename(parentPath)),
        resolve(parentPath),
      ),
    },
  };
  return createVhdx(path, image, signal);
}

/**
 * The paths of a parent as a child in the directory `home` names it. `place` and `home` have no links in their
 * directories; `absolute` is the parent as its user names it. On another drive there is no relative path.
 */
export function parentPaths(
  home: string,
  place: string,
  absolute: string,
  paths: nodePath.PlatformPath = nodePath,
): Pick<ParentLocator, "relativePath" | "absolutePath"> {
  const steps = paths.relative(home, place);
  return {
    ...(paths.isAbsolute(steps) ? {} : { relativePath: windowsSteps(steps) }),
    // Spelled as on Windows everywhere: libvhdi looks for its last part beside the child.
    absolutePath: absolute.replaceAll("/", "\\"),
  };
}

/** Where `parentPath` is from the directory of `path`, as Windows spells it: `.\base.vhdx`, `..\disks\base.vhdx`. */
export function windowsRelativePath(path: string, parentPath: string): string {
  return windowsSteps(relative(dirname(resolve(path)), resolve(parentPath)));
}

function windowsSteps(steps: string): string {
  const spelled = steps.replaceAll("/", "\\");
  return spelled.startsWith("..\\") ? spelled : `.\\${spelled}`;
}

function sectorSize(bytes: number): 512 | 4096 {
  if (bytes === 512 || bytes === 4096) return bytes;
  throw new VhdxError("metadata", 0, `sectors of ${bytes} bytes`);
}

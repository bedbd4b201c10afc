import { MiB } from "../../../src/kit/sizes.ts";
import { WritableDisk } from "../../../src/vhdx/disk/writable-disk.ts";
import { readHeaders } from "../../../src/vhdx/format/header.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import type { ParentResolver } from "../../../src/vhdx/image/parent-resolver.ts";
import { newVhdxImage, type NewImageOptions } from "../../../src/vhdx/operations/new-image.ts";
import { writeNewImage } from "../../../src/vhdx/operations/create.ts";
import type { ReadableFile } from "../../../src/vhdx/storage/file.ts";
import { makeDirty } from "../support/dirty.ts";
import { MemoryFile } from "../support/memory-file.ts";

/** A valid file to be damaged. */
export interface Specimen {
  readonly name: string;
  readonly file: MemoryFile;
  /** Read-only access to the parent, if there is one. */
  readonly parent: MemoryFile | undefined;
}

/** Clean and dirty files of every kind, small. */
export async function makeCorpus(): Promise<readonly Specimen[]> {
  const dynamic = await withData(await make({ type: "dynamic", size: 5n * MiB + 512n }));
  const large = await withData(await make({ type: "dynamic", size: 4n * MiB, logicalSectorSize: 4096 }));
  const fixed = await withData(await make({ type: "fixed", size: 3n * MiB }));
  const { dataWriteGuid } = (await readHeaders(dynamic)).header;
  const child = await make({
    ...{ type: "differencing", size: 6n * MiB },
    parent: {
      linkage: dataWriteGuid,
      relativePath: ".\\parent.vhdx",
      absolutePath: "C:\\disks\\parent.vhdx",
    },
  });
  await withData(child, dynamic);
  const clean = [
    { name: "dynamic", file: dynamic, parent: undefined },
    { name: "dynamic with large sectors", file: large, parent: undefined },
    { name: "fixed", file: fixed, parent: undefined },
    { name: "differencing", file: child, parent: dynamic },
  ];
  const dirty = await Promise.all(
    clean.map(async ({ name, file, parent }) => ({
      name: `dirty ${name}`,
      file: await dirtied(file),
      parent,
    })),
  );
  return [...clean, ...dirty];
}

/** Opens `parent` for a child, whatever the child's locator says. */
export function resolverFor(parent: ReadableFile | undefined): ParentResolver {
  return () => Promise.resolve(parent && { name: "parent", file: parent, close: () => Promise.resolve() });
}

type Shape = NewImageOptions extends infer Options
  ? Options extends NewImageOptions
    ? Omit<Options, "virtualDiskId">
    : never
  : never;

async function make(shape: Shape): Promise<MemoryFile> {
  const file = new MemoryFile();
  await writeNewImage(file, newVhdxImage({ blockSize: 1 << 20, ...shape, virtualDiskId: randomGuid() }));
  return file;
}

async function withData(file: MemoryFile, parent?: MemoryFile): Promise<MemoryFile> {
  const disk = await WritableDisk.on(file, "specimen", { resolveParent: resolverFor(parent) });
  await disk.write(100_000n, Buffer.alloc(5000, 7));
  await disk.write(MiB, Buffer.alloc(1 << 20, 8));
  await disk.write(3n * MiB - 2000n, Buffer.alloc(2000, 9));
  await disk.close();
  return file;
}

/** A copy whose log holds a table sector and a stretch of zeros that are not in their places. */
async function dirtied(clean: MemoryFile): Promise<MemoryFile> {
  const file = clean.copy();
  const table = 3n * MiB;
  await makeDirty(file, [
    { offset: table, data: file.get(table, 4096) },
    { offset: 2n * MiB + 0x20000n, length: 8192n },
  ]);
  file.put(table, Buffer.alloc(64, 0xee));
  return file;
}

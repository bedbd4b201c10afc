import { VhdxError } from "../error.ts";
import { type Image, readImage } from "../image/image.ts";
import type { OpenedParent, ParentResolver } from "../image/parent-resolver.ts";
import { Layer } from "./layer.ts";

/** More generations than anybody keeps; a file that names itself as its parent ends here. */
const MOST_GENERATIONS = 1024;

/** A disk and its parents, from the disk itself down to one without a parent. */
export interface Chain {
  readonly layers: readonly [Layer, ...Layer[]];
  /** Closes the parents. */
  close(): Promise<void>;
}

/**
 * Opens the parents of `image`, each for reading. VhdxError when one can't be found or has changed since its child was
 * made. [MS-VHDX] 2.6.2.6.3
 */
export async function openChain(
  image: Image,
  name: string,
  resolveParent: ParentResolver | undefined,
  signal?: AbortSignal,
): Promise<Chain> {
  const layers: [Layer, ...Layer[]] = [new Layer(image)];
  const opened: OpenedParent[] = [];
  const close = async () => {
    for (const parent of opened.splice(0)) await parent.close();
  };
  try {
    let child = { image, name };
    while (child.image.disk.hasParent) {
      signal?.throwIfAborted();
      const parent = await openParent(child.image, child.name, resolveParent);
      opened.push(parent);
      if (opened.length >= MOST_GENERATIONS) throw locatorError(image, `more than ${opened.length} parents`);
      const parentImage = await readParent(parent);
      checkLinkage(child.image, parentImage, parent.name);
      layers.push(new Layer(parentImage));
      child = { image: parentImage, name: parent.name };
    }
    return { layers, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openParent(
  image: Image,
  child: string,
  resolveParent: ParentResolver | undefined,
): Promise<OpenedParent> {
  const locator = image.disk.parentLocator;
  if (locator === undefined) throw locatorError(image, "there is none");
  if (resolveParent === undefined)
    throw locatorError(image, "the disk needs its parent, and none may be opened");
  const parent = await resolveParent({ child, locator });
  if (parent !== undefined) return parent;
  const named = [locator.relativePath, locator.volumePath, locator.absolutePath].filter(
    (path) => path !== undefined,
  );
  throw locatorError(
    image,
    `the parent was not found where it may be: ${named.join(", ") || "no path is given"}`,
  );
}

/** An error's offset is in the parent's file: it must not be looked for in the child's. */
async function readParent({ file, name }: OpenedParent): Promise<Image> {
  try {
    return await readImage(file);
  } catch (error) {
    if (!(error instanceof VhdxError)) throw error;
    throw new VhdxError(`${error.structure} of the parent ${name}`, error.offset, error.problem);
  }
}

function checkLinkage(child: Image, parent: Image, parentName: string): void {
  const { dataWriteGuid } = parent.current.header;
  const { linkage, linkage2 } = child.disk.parentLocator ?? {};
  if (dataWriteGuid === linkage || dataWriteGuid === linkage2) return;
  throw locatorError(
    child,
    `${parentName} is not the parent or has changed: its DataWriteGuid is ${dataWriteGuid}, not ${linkage ?? ""}`,
  );
}

function locatorError(image: Image, problem: string): VhdxError {
  return new VhdxError("parent locator", image.regions.metadata.offset, problem);
}

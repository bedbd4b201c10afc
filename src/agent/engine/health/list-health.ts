import { unlessGone } from "../../../kit/unless-gone.ts";
import type { PageRequest } from "../engine.ts";
import type { Page, VolumeProblems } from "../model.ts";
import type { EngineParts } from "../parts.ts";
import { inParallel } from "../recovery/in-parallel.ts";
import { hostLooks, volumeHealth } from "./volume-health.ts";

/** Volumes looked at for one page at most: each is opened. */
const LARGEST_PAGE = 1000;

/** Of a page of volumes, those that something is wrong with. It may be empty and go on. */
export async function listHealth(
  parts: EngineParts,
  { maxEntries, token }: PageRequest,
  signal: AbortSignal,
): Promise<Page<VolumeProblems>> {
  const most = maxEntries === 0 ? LARGEST_PAGE : Math.min(maxEntries, LARGEST_PAGE);
  const { items, nextToken } = parts.catalog.volumes.page(most, token);
  const looks = hostLooks(parts.host);
  const looked = await inParallel(items, async ({ id }) => {
    signal.throwIfAborted();
    // Deleted since: nothing is wrong with it.
    return { id, problems: (await unlessGone(volumeHealth(parts, id, looks))) ?? [] };
  });
  return { items: looked.filter(({ problems }) => problems.length > 0), nextToken };
}

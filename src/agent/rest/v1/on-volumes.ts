import type { CallContext, Engine } from "../../engine/engine.ts";
import type { Volume } from "../../engine/model.ts";
import type { VolumeDetails, VolumeResult } from "./answers.ts";
import { runBatch } from "./batch.ts";
import { failedItem } from "./envelope.ts";
import { findVolume, type Key } from "./selectors.ts";

/** One volume of a request, and what is to be done with it. */
export interface Target<T> {
  readonly key: Key;
  readonly item: T;
}

/**
 * Does something with each volume that a request names, and tells of each how it ended, in the request's order. Items of
 * the same volume are worked on in their order, however each names it.
 * @param act answers the items of a volume; what it throws becomes the volume's failed item.
 */
export async function onVolumes<T>(
  engine: Engine,
  targets: readonly Target<T>[],
  context: CallContext,
  act: (volume: Volume, item: T, own: CallContext) => Promise<VolumeDetails[]>,
): Promise<VolumeDetails[]> {
  const known = await Promise.all(
    targets.map(async (target) => {
      const volume = await findVolume(engine, target.key, context).catch(() => undefined);
      return { ...target, lane: volume?.id ?? JSON.stringify(target.key) };
    }),
  );
  const ended = await runBatch(
    known,
    ({ lane }) => lane,
    async ({ key, item }, own) => {
      let asked: Pick<VolumeResult, "uuid" | "name"> = key;
      try {
        const volume = await findVolume(engine, key, own);
        asked = idsOf(volume);
        return await act(volume, item, own);
      } catch (error) {
        return [failedItem(asked, error)];
      }
    },
    context,
  );
  return ended.flatMap((end, index) =>
    end.status === "fulfilled" ? end.value : [failedItem(targets[index]?.key ?? {}, end.reason)],
  );
}

/** How answers name a volume. */
export function idsOf({ id, name }: Volume): { uuid: string; name: string } {
  return { uuid: id, name };
}

/** The item of a volume that was done. */
export function doneItem(volume: Volume): VolumeResult {
  return { status: "success", ...idsOf(volume) };
}

import { randomUUID } from "node:crypto";
import { MiB } from "../../../kit/sizes.ts";
import type { CallContext, Engine } from "../../engine/engine.ts";
import type { ContentSource, SizeRange } from "../../engine/model.ts";
import { callContext } from "../call-context.ts";
import type { Server } from "../volume-routes.ts";
import { answersWith, type VolumeResult, VolumeResult as Result } from "./answers.ts";
import { runBatch } from "./batch.ts";
import { batchOf, itemsOf, NewVolumeItem } from "./bodies.ts";
import { failedItem, itemsEnvelope } from "./envelope.ts";
import type { NewNames } from "./new-names.ts";
import { doneItem } from "./on-volumes.ts";
import { VolumesApiError } from "./refusals.ts";
import { tagLabels } from "./tags.ts";

const example = {
  status: "success",
  uuid: "6f1c0c4e-7c5b-4c53-9a4e-2d1f3b7a9e10",
  name: "data",
  state: "available",
} as const;

/** POST /v1/volumes */
export function createVolumesRoute(server: Server, engine: Engine, names: NewNames): void {
  server.post(
    "/volumes",
    {
      schema: {
        operationId: "v1CreateVolumes",
        summary: "Create one or more volumes",
        tags: ["Volumes API v1"],
        body: batchOf(NewVolumeItem, "The volumes to create", [
          { name: "data", size_mb: 10240 },
          [{ size_mb: 512 }],
        ]),
        response: answersWith(Result, "The volumes that were created", [example]),
      },
    },
    async (request, reply) => {
      const ended = await runBatch(
        itemsOf(request.body),
        // Those without a name have nothing to wait for.
        (item) => item.name ?? randomUUID(),
        (item, own) => createOne(engine, names, item, own),
        callContext(request, reply),
      );
      const items = ended.map((end, index): VolumeResult => {
        if (end.status === "fulfilled") return end.value;
        const { name } = itemsOf(request.body)[index] ?? {};
        return failedItem(typeof name === "string" ? { name } : {}, end.reason);
      });
      return itemsEnvelope(items, reply);
    },
  );
}

async function createOne(
  engine: Engine,
  names: NewNames,
  item: NewVolumeItem,
  context: CallContext,
): Promise<VolumeResult> {
  requireSupported(item);
  const size = { required: BigInt(item.size_mb ?? 0) * MiB, limit: undefined };
  const volume = await names.make(item.name ?? undefined, context, (name) =>
    engine.createVolume(newVolume(name, size, undefined, item), context),
  );
  return { ...doneItem(volume), state: "available" };
}

/** What the engine is asked for. */
export function newVolume(
  name: string,
  size: SizeRange | undefined,
  source: ContentSource | undefined,
  { tags, quota_policy }: Pick<NewVolumeItem, "tags" | "quota_policy">,
) {
  const type = quota_policy === "static" ? "fixed" : quota_policy === "dynamic" ? "dynamic" : undefined;
  return {
    name,
    size,
    pool: undefined,
    type,
    source,
    labels: tagLabels(tags ?? []),
    attributes: {},
  } as const;
}

/** What this host can't honour is refused, never left out in silence. */
function requireSupported(item: NewVolumeItem): void {
  const reasons: [unknown, string][] = [
    [item.host_path, "host_path: volumes lie in the pools"],
    [item.template, "template: there are no templates; clone a volume"],
    [item.filesystem, "filesystem: the guest makes it when it first uses the volume"],
    [item.uid ?? undefined, "uid: the guest decides who owns the files"],
    [item.gid ?? undefined, "gid: the guest decides who owns the files"],
    [Object.keys(item.args ?? {}).length > 0 ? item.args : undefined, "args: there are none"],
  ];
  const [, reason] = reasons.find(([value]) => value !== undefined && value !== null && value !== 0) ?? [];
  if (reason !== undefined) throw new VolumesApiError("NOT_SUPPORTED", `not supported: ${reason}`);
  requireOneWriter(item);
}

export function requireOneWriter({ access_mode }: Pick<NewVolumeItem, "access_mode">): void {
  if ((access_mode ?? "rwo") === "rwo") return;
  throw new VolumesApiError("NOT_SUPPORTED", `not supported: access_mode ${access_mode ?? ""}: only rwo`);
}

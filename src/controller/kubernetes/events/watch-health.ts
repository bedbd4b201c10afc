import { allPages } from "../../../agent-client/all-pages.ts";
import { newCall } from "../../../agent-client/new-call.ts";
import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { pause } from "../../../kit/pause.ts";
import { statusOf } from "../../get-volume-health.ts";
import type { Group, Groups } from "../../groups.ts";
import type { ApiClient } from "../api/api-client.ts";
import type { Task } from "../leader/task.ts";
import { volumeIdOf, volumesOf } from "../objects/volumes.ts";
import type { Recorder } from "./recorder.ts";

/** All in milliseconds. */
export interface HealthTimes {
  /** From one look at all volumes to the next: an agent opens each of them. */
  readonly every: number;
  /** How often a problem that stays is told: Kubernetes keeps Events for an hour. */
  readonly again: number;
}

export const defaultHealthTimes: HealthTimes = { every: 300_000, again: 1_800_000 };

/** Volumes that an agent looks at for one request. */
const LOOKED_AT = 1000;

/** What is wrong with a volume, and when that was told, on the clock of performance.now(). */
interface Ill {
  readonly found: string;
  told: number;
}

/** Tells the claims and volumes of Kubernetes what their hosts find wrong with them, and when nothing is any more. */
export function watchHealthTask(
  groups: Groups,
  driverName: string,
  api: ApiClient,
  recorder: Recorder,
  log: Log,
  times = defaultHealthTimes,
): Task {
  return {
    name: "health",
    run: async (signal) => {
      /** By group, then volume id; a group that does not answer keeps what was known of it. */
      const known = new Map<string, Map<string, Ill>>();
      do {
        const news = new Map<string, string | undefined>();
        for (const group of groups.all()) {
          try {
            const before = known.get(group.name) ?? new Map<string, Ill>();
            const now = await illOf(group, signal);
            known.set(group.name, compare(before, now, times.again, news));
          } catch (error) {
            signal.throwIfAborted();
            const reason = StatusError.from(error).message;
            log.debug({ group: group.name, reason }, "how the group's volumes are can't be asked");
          }
        }
        if (news.size > 0) await tell(news, api, driverName, recorder, signal);
      } while (await pause(times.every, signal));
    },
  };
}

async function illOf({ agent }: Group, signal: AbortSignal): Promise<Map<string, string>> {
  const volumes = await allPages(async (_, token) => {
    const { volumes: items, next_token: next } = await newCall(signal, (call) =>
      agent.listHealth(LOOKED_AT, token, call),
    );
    return { items, next };
  });
  const ill = new Map<string, string>();
  for (const { id, problems } of volumes) {
    const texts = problems.map(statusOf).map(({ reason, message }) => `${reason}: ${message}`);
    if (texts.length > 0) ill.set(id, texts.join("; "));
  }
  return ill;
}

/** What is to be told, into `news`: undefined for a volume that is sound again. @returns what is known from now on */
function compare(
  before: ReadonlyMap<string, Ill>,
  now: ReadonlyMap<string, string>,
  again: number,
  news: Map<string, string | undefined>,
): Map<string, Ill> {
  const next = new Map<string, Ill>();
  for (const [id, found] of now) {
    const old = before.get(id);
    const isNew = old?.found !== found || performance.now() - old.told >= again;
    next.set(id, isNew ? { found, told: performance.now() } : old);
    if (isNew) news.set(id, found);
  }
  for (const id of before.keys()) if (!now.has(id)) news.set(id, undefined);
  return next;
}

async function tell(
  news: ReadonlyMap<string, string | undefined>,
  api: ApiClient,
  driverName: string,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  for await (const { handle, objects } of volumesOf(api, driverName, signal)) {
    const id = volumeIdOf(handle);
    if (!news.has(id)) continue;
    const found = news.get(id);
    for (const object of objects) {
      if (found === undefined)
        recorder.tell(object, "VolumeHealthy", "Its host finds nothing wrong any more");
      else recorder.tell(object, "VolumeUnhealthy", found);
    }
  }
}

import { within } from "../../../kit/budget.ts";
import { isMapping } from "../../../kit/config.ts";
import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { pause } from "../../../kit/pause.ts";
import type { ApiClient, Query, Wire } from "./api-client.ts";
import { statusError } from "./api-error.ts";

/** Seconds after which the API server is asked to end a watch; all objects are then listed anew, once in a while. */
const WATCH_SECONDS = 300;
/** How much longer a watch may last that nobody ended, in milliseconds: its server is gone. */
const GRACE = 15_000;
/** From a failure to the next try, in milliseconds; it doubles up to the longest. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 30_000;

/** Largest object that is read, in characters: etcd has none over 1.5 MiB. */
const LONGEST_LINE = 8 * 1024 * 1024;

/** Is told an object as it is, at first and after each change. One that fails is told again with the next list. */
export type Seen = (object: Wire, signal: AbortSignal) => Promise<void>;

/**
 * Lists objects and watches them from there, until the signal is aborted. A watch that ends is followed by a new list:
 * whatever was missed is told then.
 */
export async function follow(
  api: ApiClient,
  path: string,
  query: Query,
  seen: Seen,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  let wait = FIRST_PAUSE;
  do {
    try {
      const from = await tellAll(api, path, query, seen, signal);
      await watchFrom(api, path, { ...query, resourceVersion: from }, seen, signal);
      wait = FIRST_PAUSE;
    } catch (error) {
      if (signal.aborted) return;
      wait = Math.min(wait * 2, LONGEST_PAUSE);
      const { code, message } = StatusError.from(error);
      // The API server keeps changes for some minutes only.
      if (code !== "OUT_OF_RANGE")
        log.warn({ path, reason: message }, "objects of Kubernetes can't be followed: trying again");
    }
  } while (await pause(wait * (0.5 + Math.random()), signal));
}

/** One that fails keeps nothing from the others. */
async function tellAll(
  api: ApiClient,
  path: string,
  query: Query,
  seen: Seen,
  signal: AbortSignal,
): Promise<string> {
  let version = "";
  const failures: unknown[] = [];
  for await (const { items, resourceVersion } of api.list(path, query, signal)) {
    version = resourceVersion;
    for (const item of items) {
      signal.throwIfAborted();
      await seen(item, signal).catch((error: unknown) => failures.push(error));
    }
  }
  if (failures.length > 0) throw failures[0];
  return version;
}

async function watchFrom(
  api: ApiClient,
  path: string,
  query: Query,
  seen: Seen,
  signal: AbortSignal,
): Promise<void> {
  await within(WATCH_SECONDS * 1000 + GRACE, signal, async (ends) => {
    const body = await api.stream(path, { ...query, timeoutSeconds: WATCH_SECONDS }, ends);
    for await (const line of linesOf(body)) {
      const { type, object } = readChange(line);
      if (type === "ERROR") throw statusError(object, Number(object["code"] ?? 500), `watch of ${path}`);
      if (type === "ADDED" || type === "MODIFIED") await seen(object, signal);
    }
  });
}

function readChange(line: string): { readonly type: unknown; readonly object: Wire } {
  const change: unknown = JSON.parse(line);
  if (isMapping(change) && isMapping(change["object"]))
    return { type: change["type"], object: change["object"] };
  throw new StatusError("UNAVAILABLE", "a watch tells something that is no change of an object");
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST_LINE)
      throw new StatusError("RESOURCE_EXHAUSTED", "an object in a watch has no end");
    yield* lines.filter((line) => line !== "");
  }
}

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** Said by every HTTP server of Node when a request has arrived. */
const CHANNEL = "http.server.request.start";

/** Words of a path that an id or a name follows. */
const NAMES_ONE = new Set(["volume", "snapshot", "snapshotgroup", "node", "vm"]);

/** Runs `work` and tells which requests reached the HTTP servers of this process meanwhile: each kind once, in order. */
export async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const seen = new Set<string>();
  const note = (message: unknown) => {
    const { method = "", url = "" } = (message as { request: IncomingMessage }).request;
    seen.add(`${method} ${withoutIds(url)}`);
  };
  subscribe(CHANNEL, note);
  try {
    await work();
  } finally {
    unsubscribe(CHANNEL, note);
  }
  return [...seen];
}

/** The path of a URL with `:id` in place of ids and names. */
function withoutIds(url: string): string {
  const [path = ""] = url.split("?");
  const segments = path.split("/");
  return segments.map((each, index) => (NAMES_ONE.has(segments[index - 1] ?? "") ? ":id" : each)).join("/");
}

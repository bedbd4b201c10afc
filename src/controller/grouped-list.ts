import type { CsiCall } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import type { Group, Groups } from "./groups.ts";

/** Bytes of entries in one answer at most: gRPC clients refuse 4 MiB. */
const LARGEST_ANSWER = 3 * 1024 * 1024;
/** Items asked of an agent at a time. */
const AGENT_PAGE = 1000;
/** Characters of a token at most; ours are shorter, and a URL can't hold any number. */
const LONGEST_TOKEN = 1024;

/** What of a list a request asks for. */
export interface ListRequest {
  readonly max_entries: number;
  readonly starting_token: string;
}

/** One page of one agent's list; an empty token ends it. */
export type AgentPage<Entry> = (
  group: Group,
  maxEntries: number,
  token: string,
) => Promise<{ readonly entries: readonly Weighed<Entry>[]; readonly next: string }>;

/** An entry with how many bytes it takes in an answer, about. */
export interface Weighed<Entry> {
  readonly entry: Entry;
  readonly bytes: number;
}

/** Where a list goes on: in a group, after what the agent's token says. */
interface Position {
  readonly group: string;
  readonly agentToken: string;
}

/**
 * A page of a list that goes over groups, group by group in the order of their names, each in its agent's order.
 * @throws StatusError INVALID_ARGUMENT; ABORTED for a token that is not ours; UNAVAILABLE naming a group that is missing
 */
export async function listOverGroups<Entry>(
  { max_entries, starting_token }: ListRequest,
  groups: Groups,
  pageOf: AgentPage<Entry>,
  call: CsiCall,
): Promise<{ entries: Entry[]; next_token?: string }> {
  if (max_entries < 0) throw new StatusError("INVALID_ARGUMENT", "max_entries is negative");
  const start = starting_token === "" ? undefined : decodeToken(starting_token, groups);
  const page = new Page<Entry>(max_entries);
  for (const group of groups.all().filter(({ name }) => start === undefined || name >= start.group)) {
    call.signal.throwIfAborted();
    const token = group.name === start?.group ? start.agentToken : "";
    const rest = await fill(page, group, token, pageOf).catch((error: unknown) => {
      throw withGroup(error, group.name);
    });
    if (rest !== undefined) {
      return { entries: page.entries, next_token: encodeToken({ group: group.name, agentToken: rest }) };
    }
  }
  return { entries: page.entries };
}

/** Puts a group's items on the page; returns the agent's token where the page was full, "" for its beginning. */
async function fill<Entry>(
  page: Page<Entry>,
  group: Group,
  start: string,
  pageOf: AgentPage<Entry>,
): Promise<string | undefined> {
  let token = start;
  for (;;) {
    const room = page.room();
    // A token must not lead to an empty page.
    if (room === 0)
      return token !== "" || (await pageOf(group, 1, "")).entries.length > 0 ? token : undefined;
    const { entries, next } = await pageOf(group, Math.min(room, AGENT_PAGE), token);
    for (const entry of entries) page.add(entry);
    if (next === "") return undefined;
    token = next;
  }
}

/** The entries of one answer, counted and weighed. */
class Page<Entry> {
  readonly entries: Entry[] = [];
  readonly #maxEntries: number;
  #bytes = 0;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries === 0 ? Number.MAX_SAFE_INTEGER : maxEntries;
  }

  /** How many more entries surely fit, at least one until the page is full. */
  room(): number {
    if (this.#bytes >= LARGEST_ANSWER) return 0;
    const heaviest = this.entries.length === 0 ? 1024 : Math.ceil(this.#bytes / this.entries.length) * 2;
    const byWeight = Math.max(1, Math.floor((LARGEST_ANSWER - this.#bytes) / heaviest));
    return Math.min(this.#maxEntries - this.entries.length, byWeight);
  }

  add({ entry, bytes }: Weighed<Entry>): void {
    this.entries.push(entry);
    this.#bytes += bytes;
  }
}

function encodeToken({ group, agentToken }: Position): string {
  return `${group}/${agentToken}`;
}

function decodeToken(token: string, groups: Groups): Position {
  const slash = token.indexOf("/");
  const group = token.slice(0, Math.max(0, slash));
  if (token.length <= LONGEST_TOKEN && groups.get(group) !== undefined)
    return { group, agentToken: token.slice(slash + 1) };
  throw new StatusError(
    "ABORTED",
    "starting_token is not one that this list gave out; start again without a token",
  );
}

/** A list without one of its groups would be taken for the whole: the error says which is missing. */
function withGroup(error: unknown, group: string): unknown {
  if (!(error instanceof StatusError) || error.code !== "UNAVAILABLE") return error;
  return new StatusError("UNAVAILABLE", `group ${group} is missing in the list: ${error.message}`, error);
}

/** Bytes that texts take in an answer: each with its tag and length, and the numbers and messages around them. */
export function weightOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 4, 32);
}

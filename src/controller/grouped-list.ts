import type { AgentClient, ClientCall } from "../agent-client/agent-client.ts";
import { idOfToken, tokenAfter } from "../agent-client/list-token.ts";
import { isGroupName } from "../csi/handle.ts";
import type { CsiCall } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import type { Group } from "./groups.ts";
import type { LastKnown } from "./last-known.ts";
import { look } from "./look.ts";

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

/** Items of an agent's list behind a token, about as many as asked for; an empty token ends it. */
export type AgentPage<Entry> = (
  agent: AgentClient,
  group: string,
  maxEntries: number,
  token: string,
  call: ClientCall,
) => Promise<{ readonly entries: readonly Weighed<Entry>[]; readonly next: string }>;

/** An entry with how many bytes it takes in an answer, about. */
export interface Weighed<Entry> {
  /** Id of the item at its agent, which lists are ordered by. */
  readonly id: string;
  readonly entry: Entry;
  readonly bytes: number;
}

/** A list that goes over groups. */
export interface GroupedList<Entry> {
  readonly pageOf: AgentPage<Entry>;
  /** Stands in for groups that do not answer. */
  readonly lastKnown?: LastKnown<Entry> | undefined;
}

/** Where a list goes on: in a group, after what the agent's token says. */
interface Position {
  readonly group: string;
  readonly agentToken: string;
}

/**
 * A page of a list that goes over groups, group by group in the order of their names, each in the order of ids: a token
 * stays right while items and groups come and go.
 * @throws StatusError INVALID_ARGUMENT; ABORTED for a token that is not ours; UNAVAILABLE naming groups that are missing
 */
export async function listOverGroups<Entry>(
  { max_entries, starting_token }: ListRequest,
  groups: readonly Group[],
  list: GroupedList<Entry>,
  call: CsiCall,
): Promise<{ entries: Entry[]; next_token?: string }> {
  if (max_entries < 0) throw new StatusError("INVALID_ARGUMENT", "max_entries is negative");
  const start = starting_token === "" ? undefined : decodeToken(starting_token);
  const rest = groups.filter(({ name }) => start === undefined || name >= start.group);
  requireAll(rest, list);
  const page = new Page<Entry>(max_entries);
  for (const group of rest) {
    call.signal.throwIfAborted();
    const token = group.name === start?.group ? start.agentToken : "";
    const next = await fill(page, group, token, list, call);
    if (next !== undefined) {
      return { entries: page.entries, next_token: encodeToken({ group: group.name, agentToken: next }) };
    }
  }
  return { entries: page.entries };
}

/** Of a list that can't be whole, nothing is asked. */
function requireAll<Entry>(groups: readonly Group[], { lastKnown }: GroupedList<Entry>): void {
  const missing = groups.filter(
    ({ name, agent }) => agent.outage() !== undefined && lastKnown?.of(name) === undefined,
  );
  if (missing.length === 0) return;
  const [first] = missing;
  const reason = first?.agent.outage()?.reason ?? "";
  throw new StatusError(
    "UNAVAILABLE",
    `missing in the list: ${missing.map(({ name }) => `group ${name}`).join(", ")}, which can't be reached (${reason})`,
  );
}

/** Puts a group's items on the page; returns the agent's token where the page was full, "" for its beginning. */
async function fill<Entry>(
  page: Page<Entry>,
  group: Group,
  start: string,
  list: GroupedList<Entry>,
  call: CsiCall,
): Promise<string | undefined> {
  let token = start;
  for (;;) {
    const { entries, next, known } = await agentPage(page, group, token, list, call);
    const taken = page.add(entries);
    const last = entries[taken - 1];
    const isCut = taken < entries.length;
    const rest = isCut ? (last === undefined ? token : tokenAfter(last.id)) : next;
    if (!known && (taken > 0 || !isCut)) {
      list.lastKnown?.keep(group.name, token, entries.slice(0, taken), rest);
    }
    if (isCut) return rest;
    if (next === "") return undefined;
    token = next;
  }
}

/** From the agent, else from what it last said. One entry more than fits tells that the list goes on. */
async function agentPage<Entry>(
  page: Page<Entry>,
  group: Group,
  token: string,
  { pageOf, lastKnown }: GroupedList<Entry>,
  call: CsiCall,
) {
  try {
    const most = Math.min(page.room() + 1, AGENT_PAGE);
    const answer = await look(group, call, (agent, own) => pageOf(agent, group.name, most, token, own));
    return { ...answer, known: false };
  } catch (error) {
    const known = isUnavailable(error) ? lastKnown?.of(group.name) : undefined;
    if (known === undefined) throw withGroup(error, group.name);
    const after = token === "" ? "" : idOfToken(token);
    return { entries: known.filter(({ id }) => id > after), next: "", known: true };
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

  /** How many more entries it may have. */
  room(): number {
    return this.#bytes >= LARGEST_ANSWER ? 0 : this.#maxEntries - this.entries.length;
  }

  /** Takes as many of the entries as fit, at least one when it is empty; returns how many. */
  add(entries: readonly Weighed<Entry>[]): number {
    let taken = 0;
    for (const { entry, bytes } of entries) {
      const fits = this.#bytes + bytes <= LARGEST_ANSWER || this.entries.length === 0;
      if (!fits || this.entries.length >= this.#maxEntries) break;
      this.entries.push(entry);
      this.#bytes += bytes;
      taken++;
    }
    return taken;
  }
}

function encodeToken({ group, agentToken }: Position): string {
  return `${group}/${agentToken}`;
}

/** Its group may be gone by now: the list goes on with the next. */
function decodeToken(token: string): Position {
  const slash = token.indexOf("/");
  const group = token.slice(0, Math.max(0, slash));
  const agentToken = token.slice(slash + 1);
  if (token.length > LONGEST_TOKEN || !isGroupName(group)) throw foreignToken();
  if (agentToken !== "") idOfToken(agentToken);
  return { group, agentToken };
}

function foreignToken(): StatusError {
  return new StatusError(
    "ABORTED",
    "starting_token is not one that this list gave out; start again without a token",
  );
}

function isUnavailable(error: unknown): boolean {
  return error instanceof StatusError && error.code === "UNAVAILABLE";
}

/** A list without one of its groups would be taken for the whole: the error says which is missing. */
function withGroup(error: unknown, group: string): unknown {
  if (!(error instanceof StatusError)) return error;
  const what = isUnavailable(error) ? `group ${group} is missing in the list` : `group ${group}`;
  return new StatusError(error.code, `${what}: ${error.message}`, error);
}

/** Bytes that texts take in an answer: each with its tag and length, and the numbers and messages around them. */
export function weightOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 4, 32);
}

import type { ListedVolume } from "../agent-client/wire.ts";
import type { _csi_v1_ListVolumesResponse_Entry as Entry } from "../csi/generated/csi/v1/ListVolumesResponse.ts";
import { formatHandle } from "../csi/handle.ts";
import type { ControllerRpcs, CsiCall } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";
import type { Group, Groups } from "./groups.ts";
import type { ControllerParts } from "./parts.ts";

/** Bytes of entries in one answer at most: gRPC clients refuse 4 MiB. */
const LARGEST_ANSWER = 3 * 1024 * 1024;
/** Volumes asked of an agent at a time. */
const AGENT_PAGE = 1000;
/** Characters of a token at most; ours are shorter, and a URL can't hold any number. */
const LONGEST_TOKEN = 1024;

/** Where a list goes on: in a group, after what the agent's token says. */
interface Position {
  readonly group: string;
  readonly agentToken: string;
}

/** Lists the volumes of all groups, group by group, each in the order of ids. */
export function listVolumes({ groups, names }: ControllerParts): ControllerRpcs["ListVolumes"] {
  return async (request, call) => {
    if (request.max_entries < 0) throw new StatusError("INVALID_ARGUMENT", "max_entries is negative");
    const start = request.starting_token === "" ? undefined : decodeToken(request.starting_token, groups);
    const page = new Page(request.max_entries);
    for (const group of groups.all().filter(({ name }) => start === undefined || name >= start.group)) {
      const token = group.name === start?.group ? start.agentToken : "";
      const rest = await fill(page, group, token, names.topologyKey, call).catch((error: unknown) => {
        throw withGroup(error, group.name);
      });
      if (rest !== undefined) {
        return { entries: page.entries, next_token: encodeToken({ group: group.name, agentToken: rest }) };
      }
    }
    return { entries: page.entries };
  };
}

/** Puts a group's volumes on the page; returns the agent's token where the page was full, "" for its beginning. */
async function fill(
  page: Page,
  group: Group,
  start: string,
  topologyKey: string,
  call: CsiCall,
): Promise<string | undefined> {
  let token = start;
  for (;;) {
    const room = page.room();
    if (room === 0) return (await hasMore(group, token, call)) ? token : undefined;
    const list = await group.agent.listVolumes(Math.min(room, AGENT_PAGE), token, call);
    for (const volume of list.volumes) page.add(entryOf(volume, group.name, topologyKey));
    if (list.next_token === "") return undefined;
    token = list.next_token;
  }
}

/** A token must not lead to an empty page. */
async function hasMore(group: Group, token: string, call: CsiCall): Promise<boolean> {
  return token !== "" || (await group.agent.listVolumes(1, "", call)).volumes.length > 0;
}

/** The entries of one answer, counted and weighed. */
class Page {
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

  add({ entry, bytes }: { entry: Entry; bytes: number }): void {
    this.entries.push(entry);
    this.#bytes += bytes;
  }
}

function entryOf(listed: ListedVolume, group: string, topologyKey: string): { entry: Entry; bytes: number } {
  const handle = formatHandle(group, listed.DiskIdentifier);
  const texts = [handle, topologyKey, group, ...listed.Hosts];
  return {
    entry: {
      volume: {
        volume_id: handle,
        capacity_bytes: listed.Size,
        accessible_topology: [{ segments: { [topologyKey]: group } }],
      },
      status: { published_node_ids: listed.Hosts },
    },
    // Each text with its tag and length, the size, and the tags of the messages around them.
    bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text) + 4, 32),
  };
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

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Agent, get, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { isVolumeList } from "../../../src/agent-client/generated/answers.ts";
import { API_KEY_HEADER } from "../../../src/agent-client/headers.ts";
import type { VolumeList } from "../../../src/agent-client/wire.ts";
import type { Sizes } from "./populate.ts";
import type { ServedPool } from "./served-pool.ts";

const PAGE = 500;

/** A pool's volumes as its agent lists them. */
export interface Listing {
  readonly sizes: Sizes;
  /** From the request of each page to the last byte of its answer, milliseconds. */
  readonly pageMs: readonly number[];
}

/** Pages through all volumes. @throws Error when one comes twice or has a fault */
export async function listAll({ url, keyFile }: ServedPool): Promise<Listing> {
  const key = await readFile(keyFile, "utf8");
  const sizes: Sizes = new Map();
  const pageMs: number[] = [];
  for (let token = ""; ;) {
    const started = performance.now();
    const bytes = await ask(`${url}/volumes?maxEntries=${PAGE}&nextToken=${token}`, key);
    pageMs.push(performance.now() - started);
    const page = pageIn(bytes);
    for (const { DiskIdentifier: id, Size, Fault } of page.volumes) {
      if (sizes.has(id)) throw new Error(`volume ${id} is listed twice`);
      if (Fault !== null) throw new Error(`volume ${id} has a fault: ${Fault}`);
      sizes.set(id, BigInt(Size));
    }
    token = page.next_token;
    if (token === "") return { sizes, pageMs };
  }
}

const connections = new Agent({ keepAlive: true });

/** The bytes of an answer. What is made of them here is not the agent's time. */
async function ask(url: string, key: string): Promise<Buffer> {
  const request = get(url, { agent: connections, headers: { [API_KEY_HEADER]: key } });
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  return await buffer(answer);
}

function pageIn(bytes: Buffer): VolumeList {
  const answer: unknown = JSON.parse(bytes.toString());
  if (isVolumeList(answer)) return answer;
  throw new Error(`the agent answered ${bytes.toString().slice(0, 300)}`);
}

/** @throws Error when a volume is lost, invented or of another size. */
export function requireSame(found: Sizes, expected: Sizes): void {
  const lost = [...expected.keys()].filter((id) => !found.has(id));
  const invented = [...found.keys()].filter((id) => !expected.has(id));
  const changed = [...expected].filter(([id, size]) => found.has(id) && found.get(id) !== size);
  if (lost.length + invented.length + changed.length === 0) return;
  throw new Error(
    `of ${expected.size} volumes ${lost.length} are lost and ${changed.length} have another size; ${invented.length} are invented: ${[...lost, ...invented, ...changed.map(([id]) => id)].slice(0, 3).join(", ")}`,
  );
}

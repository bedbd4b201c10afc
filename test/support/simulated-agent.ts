import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { idOfToken, tokenAfter } from "../../src/agent-client/list-token.ts";
import { errorTable, StatusError } from "../../src/kit/errors.ts";

interface SimulatedVolume {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly hosts: Set<string>;
  problem?: string;
  /** What its record says without a look at its disk. */
  fault?: string;
}

/** What goes over the wire of an agent, from memory, so that hundreds of them fit a test. */
export class SimulatedAgent {
  readonly volumes = new Map<string, SimulatedVolume>();
  /** Requests but those for its life, as `METHOD /path`. */
  readonly seen: string[] = [];
  /** Requests for its life. */
  looks = 0;
  room = 2 ** 40;
  /** Takes requests and never answers. */
  hangs = false;
  /** What it answers instead, when there is something. */
  answer: ((method: string, path: string) => unknown) | undefined;
  /** Holds answers back until they are let go. */
  serveLater: ((answer: () => void) => void) | undefined;
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      this.#serve(request, response);
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** From now on connections are refused. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  /** Sockets that clients have open. */
  async connections(): Promise<number> {
    return await new Promise((resolve, reject) => {
      this.#server?.getConnections((error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }

  add(name: string, size = 2 ** 30): SimulatedVolume {
    const volume: SimulatedVolume = { id: randomUUID(), name, size, hosts: new Set() };
    this.volumes.set(volume.id, volume);
    return volume;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const { method = "" } = request;
    const url = new URL(request.url ?? "", this.url);
    if (url.pathname === "/healthz") this.looks++;
    else this.seen.push(`${method} ${url.pathname}`);
    if (this.hangs) return;
    if (url.pathname === "/healthz" || this.serveLater === undefined) this.#reply(method, url, response);
    else
      this.serveLater(() => {
        this.#reply(method, url, response);
      });
  }

  #reply(method: string, url: URL, response: ServerResponse): void {
    const send = (status: number, body?: unknown) => {
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    try {
      const body = url.pathname === "/healthz" ? { status: "ok" } : this.#answer(method, url);
      send(body === undefined ? 204 : 200, body);
    } catch (thrown) {
      const { code, message } = StatusError.from(thrown);
      send(errorTable[code].http, { code: errorTable[code].grpc, message });
    }
  }

  #answer(method: string, { pathname, searchParams }: URL): unknown {
    const own = this.answer?.(method, pathname);
    if (own !== undefined) return own;
    const [first, second = "", third = "", , last = ""] = pathname
      .split("/")
      .slice(1)
      .map(decodeURIComponent);
    if (first === "volume" && third === "attachments") {
      return { Attachments: [...this.#known(second).hosts].map((vm) => attachment(vm, second)) };
    }
    if (first === "volume" && method === "POST")
      return this.#create(second, Number(searchParams.get("size")));
    if (first === "volume" && method === "DELETE") return void this.volumes.delete(second);
    if (first === "volume" && third === "health") {
      const [{ problems } = { problems: [] }] = problemOf(this.#known(second));
      return { healthy: problems.length === 0, problems };
    }
    if (first === "volume") return answerOf(this.#known(second));
    if (first === "attachment" && method === "PUT") {
      this.#known(last).hosts.add(third);
      return attachment(third, last);
    }
    if (first === "attachment") return void this.volumes.get(last)?.hosts.delete(third);
    if (first === "capacity") {
      return { AvailableCapacity: this.room, MinimumVolumeSize: 6 * 2 ** 20, MaximumVolumeSize: this.room };
    }
    if (first === "volumes") {
      const { items, next_token } = this.#page(searchParams);
      if (second === "") return { volumes: items.map(listed), next_token };
      return { volumes: items.flatMap(problemOf), next_token };
    }
    if (first === "snapshots") return { snapshots: [], next_token: "" };
    throw new StatusError("UNIMPLEMENTED", `${method} ${pathname} is not simulated`);
  }

  #create(name: string, size: number): unknown {
    const there = [...this.volumes.values()].find((volume) => volume.name === name);
    if (there === undefined && size > this.room)
      throw new StatusError("RESOURCE_EXHAUSTED", "the pool is full");
    if (there === undefined) this.room -= size;
    return answerOf(there ?? this.add(name, size));
  }

  #known(idOrName: string): SimulatedVolume {
    const found =
      this.volumes.get(idOrName) ?? [...this.volumes.values()].find(({ name }) => name === idOrName);
    if (found !== undefined) return found;
    throw new StatusError("NOT_FOUND", `volume ${idOrName} does not exist`);
  }

  #page(query: URLSearchParams): { items: SimulatedVolume[]; next_token: string } {
    const token = query.get("nextToken") ?? "";
    const after = token === "" ? "" : idOfToken(token);
    const most = Number(query.get("maxEntries") ?? 0) || Infinity;
    const ids = [...this.volumes.keys()].sort().filter((id) => id > after);
    const items = ids.slice(0, most).map((id) => this.#known(id));
    return { items, next_token: ids.length > most ? tokenAfter(items.at(-1)?.id ?? "") : "" };
  }
}

const MADE = "2026-01-01T00:00:00.000Z";

function answerOf({ id, name, size }: SimulatedVolume): object {
  const rest = { labels: {}, attributes: {}, source: null, fault: null };
  return { id, name, size, pool: "default", type: "fixed", created_at: MADE, ...rest };
}

function listed({ id, name, size, hosts, fault }: SimulatedVolume): object {
  const Hosts = [...hosts];
  return {
    Path: `/pool/${name};${id}.vhdx`,
    Name: name,
    Size: size,
    DiskIdentifier: id,
    Host: Hosts[0] ?? null,
    Hosts,
    Pool: "default",
    Type: "fixed",
    CreatedAt: MADE,
    Labels: {},
    Attributes: {},
    Source: null,
    Fault: fault ?? null,
  };
}

function problemOf({ id, problem }: SimulatedVolume): { id: string; problems: object[] }[] {
  return problem === undefined ? [] : [{ id, problems: [{ kind: "damaged", message: problem }] }];
}

function attachment(vmId: string, volumeId: string): object {
  const Address = { kind: "loop", backingFile: `/pool/.vms/${vmId}/${volumeId}.vhdx` };
  return { VmId: vmId, VolumeId: volumeId, ReadOnly: false, Address };
}

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { selfMadeCertificate } from "../../../src/agent/tls/self-made.ts";
import { isIn, type KubeObject, ObjectStore, Refusal } from "./objects.ts";
import { jsonPatch, mergePatch } from "./patches.ts";

export const API_TOKEN = "token-of-the-test-0123456789";

/** A request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly token: string | undefined;
}

/** Has its way with a request before it is looked at: true when it has answered, or never will. */
export type Meddler = (asked: Asked, response: ServerResponse) => boolean | Promise<boolean>;

/**
 * A Kubernetes API server at the wire: HTTPS, a token, lists with pages, watches, versions and their conflicts, patches. It
 * knows no kind of object: what lies at a path is what was put there.
 */
export class FakeApiServer {
  readonly store = new ObjectStore();
  readonly asked: Asked[] = [];
  readonly ca: string;
  meddle: Meddler = () => false;
  readonly #server: Server;
  readonly #watches = new Set<{ response: ServerResponse; collection: string }>();
  readonly #sockets = new Set<object>();
  #port = 0;
  #told = 0;

  private constructor(cert: string, key: string) {
    this.ca = cert;
    this.#server = createServer({ cert, key }, (request, response) => void this.#answer(request, response));
    this.#server.on("secureConnection", (socket: object) => this.#sockets.add(socket));
  }

  static async start(directory: string): Promise<FakeApiServer> {
    const { certFile, keyFile } = await selfMadeCertificate(directory);
    const server = new FakeApiServer(await readFile(certFile, "utf8"), await readFile(keyFile, "utf8"));
    await server.listen();
    return server;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** TLS connections so far. */
  get connections(): number {
    return this.#sockets.size;
  }

  get watching(): number {
    return this.#watches.size;
  }

  /** Listens, again on the port that it had. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** As a server that dies: connections are cut, new ones refused. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#watches.clear();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, "close");
  }

  /** A kubeconfig for this server. */
  kubeconfig(namespace = "storage", token = API_TOKEN): string {
    const data = Buffer.from(this.ca).toString("base64");
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      clusters: [{ name: "test", cluster: { server: this.url, "certificate-authority-data": data } }],
      users: [{ name: "test", user: { token } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test", namespace } }],
    });
  }

  /** Puts an object at `<collection>/<its name>`, as somebody else in the cluster. */
  put(collection: string, object: KubeObject): KubeObject {
    const path = `${collection}/${object.metadata.name}`;
    const stored = this.store.has(path) ? this.store.replace(path, object) : this.store.create(path, object);
    this.#tell();
    return stored;
  }

  remove(path: string): void {
    this.store.remove(path);
    this.#tell();
  }

  /** Forgets old changes, and ends the watches as an API server does then. */
  compact(): void {
    this.store.compacted = this.store.version;
    for (const { response } of this.#watches) {
      response.write(`${JSON.stringify({ type: "ERROR", object: statusOf(expired()) })}\n`);
      response.end();
    }
    this.#watches.clear();
  }

  /** Requests of a method whose path matches. */
  seen(method: string, path: RegExp): Asked[] {
    return this.asked.filter((each) => each.method === method && path.test(each.path));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const asked = await readRequest(request);
      this.asked.push(asked);
      if (await this.meddle(asked, response)) return;
      if (asked.token !== API_TOKEN) throw new Refusal(401, "Unauthorized");
      if (asked.query.get("watch") === "true") {
        this.#watch(asked, response);
        return;
      }
      send(
        response,
        asked.method === "POST" ? 201 : 200,
        this.#do(asked, request.headers["content-type"] ?? ""),
      );
      this.#tell();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      send(response, error.code, statusOf(error));
    }
  }

  #do({ method, path, query, body }: Asked, type: string): unknown {
    switch (method) {
      case "GET":
        return isCollection(path) ? this.#list(path, query) : this.store.get(path);
      case "POST":
        return this.#create(path, body as KubeObject);
      case "PUT":
        return this.store.replace(path, body as KubeObject);
      case "PATCH": {
        const now = this.store.get(path);
        const isJson = type.startsWith("application/json-patch+json");
        if (!isJson && !type.startsWith("application/merge-patch+json"))
          throw new Refusal(415, "Unsupported");
        const next = isJson ? jsonPatch(now, body as never) : mergePatch(now, body);
        return this.store.replace(path, next as KubeObject);
      }
      default:
        throw new Refusal(405, "MethodNotAllowed");
    }
  }

  #create(collection: string, object: KubeObject & { metadata: { generateName?: string } }): KubeObject {
    const { name = "", generateName = "" } = object.metadata as { name?: string; generateName?: string };
    const own = name === "" ? `${generateName}${Math.random().toString(36).slice(2, 7)}` : name;
    return this.store.create(`${collection}/${own}`, {
      ...object,
      metadata: { ...object.metadata, name: own },
    });
  }

  #list(collection: string, query: URLSearchParams): unknown {
    const all = this.store
      .list(collection)
      .filter((object) => isSelected(object, query.get("labelSelector")));
    const from = Number(query.get("continue") ?? 0);
    const to = from + Number(query.get("limit") ?? all.length);
    const next = to < all.length ? { continue: String(to) } : {};
    return {
      kind: "List",
      metadata: { resourceVersion: String(this.store.version), ...next },
      items: all.slice(from, to),
    };
  }

  #watch({ path, query }: Asked, response: ServerResponse): void {
    const since = Number(query.get("resourceVersion") ?? 0);
    if (since < this.store.compacted) throw expired();
    response.writeHead(200, { "Content-Type": "application/json" });
    response.flushHeaders();
    const missed = this.store.changes.filter(({ version, path: own }) => version > since && isIn(own, path));
    for (const { type, object } of missed) response.write(`${JSON.stringify({ type, object })}\n`);
    const watch = { response, collection: path };
    this.#watches.add(watch);
    response.once("close", () => this.#watches.delete(watch));
  }

  #tell(): void {
    const changes = this.store.changes.slice(this.#told);
    this.#told = this.store.changes.length;
    for (const { type, object, path } of changes) {
      for (const { response, collection } of this.#watches) {
        if (isIn(path, collection)) response.write(`${JSON.stringify({ type, object })}\n`);
      }
    }
  }
}

async function readRequest(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  const { pathname, searchParams } = new URL(request.url ?? "/", "https://host");
  return {
    method: request.method ?? "",
    path: pathname,
    query: searchParams,
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
    token: request.headers.authorization?.replace(/^Bearer /, ""),
  };
}

function isCollection(path: string): boolean {
  const rest = path.replace(/^\/(api\/v1|apis\/[^/]+\/[^/]+)(\/namespaces\/[^/]+(?=\/.))?\//, "");
  return !rest.includes("/");
}

function isSelected({ metadata }: KubeObject, selector: string | null): boolean {
  if (selector === null) return true;
  const [key = "", value] = selector.split("=");
  const own = metadata.labels?.[key];
  return value === undefined ? own !== undefined : own === value;
}

function expired(): Refusal {
  return new Refusal(410, "Expired", "too old resource version");
}

function statusOf({ code, reason, message }: Refusal): unknown {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message };
}

function send(response: ServerResponse, code: number, body: unknown): void {
  if (response.destroyed) return;
  response.writeHead(code, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}

import { accessSync } from "node:fs";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type AgentOptions, type RequestOptions } from "node:https";
import { isDeepStrictEqual } from "node:util";
import { StatusError } from "../../../kit/errors.ts";

/** Where the credentials of a pod's service account are. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** How a controller is told which API server to speak with. */
export interface ClusterOptions {
  /** A kubeconfig file; without one the pod's own service account is used. */
  readonly kubeconfig?: string | undefined;
}

/** What a request is sent with. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

/** An API server, and who we are there. */
export interface Cluster {
  /** `https://host:port`, maybe with a path. */
  readonly server: string;
  /** The namespace of the service account, or of the kubeconfig's context. */
  readonly namespace: string | undefined;
  /** As of now: tokens and certificates are renewed in their files. */
  readonly credentials: () => Promise<Credentials>;
  readonly close: () => void;
}

/** True in a pod that has a service account's token. */
export function isInCluster(): boolean {
  if (!process.env["KUBERNETES_SERVICE_HOST"]) return false;
  try {
    accessSync(`${SERVICE_ACCOUNT}/token`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads who we are. The library is loaded here, and only its part that knows credentials: what it sends requests with
 * opens a connection for each, and its classes for all kinds of objects are most of its size.
 * @throws StatusError INVALID_ARGUMENT for a kubeconfig that can't be used
 */
export async function openCluster({ kubeconfig }: ClusterOptions): Promise<Cluster> {
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js");
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromCluster();
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw unusable(kubeconfig, StatusError.from(error).message, error);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw unusable(kubeconfig, "its current-context names no cluster that is there", undefined);
  const sockets = new Sockets();
  return {
    server: cluster.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    credentials: async () => {
      const options: RequestOptions = {};
      await config.applyToHTTPSOptions(options);
      return {
        headers: headersOf(options),
        ...(cluster.proxyUrl === undefined ? sockets.for(options) : viaProxy(options)),
      };
    },
    close: () => {
      sockets.close();
    },
  };
}

/** Keeps sockets open from request to request, until what they prove themselves with is another. */
class Sockets {
  #material: AgentOptions = {};
  readonly #httpAgent = new HttpAgent({ keepAlive: true });
  #httpsAgent = new HttpsAgent({ keepAlive: true });

  for({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): Omit<Credentials, "headers"> {
    const material = { ca, cert, key, rejectUnauthorized, servername };
    const set = Object.fromEntries(Object.entries(material).filter(([, value]) => value !== undefined));
    if (!isDeepStrictEqual(set, this.#material)) {
      this.#material = set;
      const before = this.#httpsAgent;
      this.#httpsAgent = new HttpsAgent({ ...set, keepAlive: true });
      before.destroy();
    }
    return { httpAgent: this.#httpAgent, httpsAgent: this.#httpsAgent };
  }

  close(): void {
    this.#httpAgent.destroy();
    this.#httpsAgent.destroy();
  }
}

/** The library knows proxies. */
function viaProxy({ agent }: RequestOptions): Omit<Credentials, "headers"> {
  return { httpAgent: agent as HttpAgent, httpsAgent: agent as HttpsAgent };
}

function headersOf({ headers, auth }: RequestOptions): Record<string, string> {
  const own = Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
  if (typeof auth !== "string") return own;
  return { ...own, Authorization: `Basic ${Buffer.from(auth).toString("base64")}` };
}

function unusable(kubeconfig: string | undefined, problem: string, cause: unknown): StatusError {
  const what = kubeconfig === undefined ? "the pod's service account" : `the kubeconfig ${kubeconfig}`;
  return new StatusError("INVALID_ARGUMENT", `${what} can't be used: ${problem}`, cause);
}

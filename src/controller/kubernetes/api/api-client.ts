import { Readable } from "node:stream";
import axios, { type AxiosRequestConfig, type AxiosResponse, isAxiosError } from "axios";
import { within } from "../../../kit/budget.ts";
import { isMapping } from "../../../kit/config.ts";
import { StatusError } from "../../../kit/errors.ts";
import { pause } from "../../../kit/pause.ts";
import { version } from "../../../kit/version.ts";
import { apiError } from "./api-error.ts";
import type { Cluster } from "./cluster.ts";

/** How long an answer may take, in milliseconds. */
const LONGEST_ANSWER = 15_000;
/** Objects in one answer of a list. */
const PAGE = 500;
/** Largest answer: pages of objects with long annotations. */
const LARGEST_ANSWER = 64 * 1024 * 1024;
/** How often a request is repeated that the API server was too busy for, and the longest it waits before each, in milliseconds. */
const BUSY_TRIES = 3;
const LONGEST_BUSY_WAIT = 5000;

export type Query = Readonly<Record<string, string | number | boolean>>;

export type PatchType = "json" | "merge";
const patchTypes = { json: "application/json-patch+json", merge: "application/merge-patch+json" } as const;

/** An object as it is over the wire. What is read of it is looked at where it is read. */
export type Wire = Readonly<Record<string, unknown>>;

/** What a page of a list has, and where watching goes on from. */
export interface Page {
  readonly items: readonly Wire[];
  readonly resourceVersion: string;
}

/** A Kubernetes API server. Every failure is a StatusError; UNAVAILABLE when it does not answer. */
export interface ApiClient {
  readonly get: (path: string, signal: AbortSignal) => Promise<Wire>;
  /** All pages of a list, one after the other. */
  readonly list: (path: string, query: Query, signal: AbortSignal) => AsyncGenerator<Page>;
  readonly create: (path: string, object: Wire, signal: AbortSignal) => Promise<Wire>;
  readonly replace: (path: string, object: Wire, signal: AbortSignal) => Promise<Wire>;
  readonly patch: (path: string, type: PatchType, patch: unknown, signal: AbortSignal) => Promise<Wire>;
  /** Lines of a watch, as they come, until the API server ends it. */
  readonly stream: (path: string, query: Query, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  readonly namespace: string | undefined;
  /** Closes the sockets. */
  readonly close: () => void;
}

export function apiClient(cluster: Cluster): ApiClient {
  const http = axios.create({
    baseURL: cluster.server,
    headers: { Accept: "application/json", "User-Agent": `hyperv-csi/${version}` },
    proxy: false,
    maxRedirects: 0,
    maxContentLength: LARGEST_ANSWER,
  });

  async function send(config: AxiosRequestConfig, signal: AbortSignal): Promise<AxiosResponse<unknown>> {
    const what = `${config.method ?? "GET"} ${config.url ?? ""}`;
    for (let tries = 1; ; tries++) {
      try {
        signal.throwIfAborted();
        const { headers: who, httpAgent, httpsAgent } = await cluster.credentials();
        const headers = { ...who, ...(config.headers as Record<string, string> | undefined) };
        return await http.request<unknown>({ ...config, httpAgent, httpsAgent, headers, signal });
      } catch (error) {
        const wait = tries > BUSY_TRIES ? undefined : busyWait(error);
        if (isAxiosError(error) && error.response?.data instanceof Readable) error.response.data.destroy();
        if (wait === undefined) throw apiError(error, what);
        await pause(wait, signal);
      }
    }
  }

  async function ask(config: AxiosRequestConfig, signal: AbortSignal): Promise<Wire> {
    const { data } = await within(LONGEST_ANSWER, signal, (own) => send(config, own));
    if (isMapping(data)) return data;
    throw new StatusError("UNAVAILABLE", `${cluster.server} answered with something that is no object`);
  }

  async function* list(url: string, query: Query, signal: AbortSignal): AsyncGenerator<Page> {
    let next = "";
    do {
      const params = { ...query, limit: PAGE, ...(next === "" ? {} : { continue: next }) };
      const { items, metadata } = await ask({ url, params }, signal);
      const { resourceVersion = "", continue: more = "" } = isMapping(metadata) ? metadata : {};
      yield {
        items: Array.isArray(items) ? items.filter(isMapping) : [],
        resourceVersion: String(resourceVersion),
      };
      next = String(more);
    } while (next !== "");
  }

  return {
    get: (url, signal) => ask({ url }, signal),
    list,
    create: (url, data, signal) => ask({ method: "POST", url, data }, signal),
    replace: (url, data, signal) => ask({ method: "PUT", url, data }, signal),
    patch: (url, type, data, signal) =>
      ask({ method: "PATCH", url, data, headers: { "Content-Type": patchTypes[type] } }, signal),
    stream: async (url, params, signal) => {
      const asked = { url, params: { ...params, watch: true } };
      const { data } = await send({ ...asked, responseType: "stream", maxContentLength: -1 }, signal);
      return data as Readable;
    },
    namespace: cluster.namespace,
    close: cluster.close,
  };
}

/** How long the API server asks to be left alone, in milliseconds; undefined when it does not. */
function busyWait(error: unknown): number | undefined {
  if (!isAxiosError(error) || error.response === undefined) return undefined;
  const { status, headers } = error.response;
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  const isBusy = status === 429 || (status === 503 && Number.isFinite(seconds));
  if (!isBusy) return undefined;
  const ms = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : 1000;
  return Math.min(ms, LONGEST_BUSY_WAIT);
}

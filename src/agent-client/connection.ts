import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import axios, { isAxiosError, type AxiosRequestConfig, type AxiosResponse } from "axios";
import axiosRetry, { exponentialDelay, isNetworkError } from "axios-retry";
import { Breaker, type BreakerTimes, type Outage } from "./breaker.ts";
import { API_KEY_HEADER, EXPECTED_GROUP_HEADER } from "./headers.ts";
import { misdirectionOf } from "./misdirection.ts";

/** How one agent is reached. */
export interface AgentAddress {
  /** `https://host:port`, without a path. */
  readonly url: string;
  readonly apiKey: string;
  /** PEM of the authority that signed the agent's certificate; the system's are used without it. */
  readonly ca?: string;
}

/** For a client that knows whether its agent is there, and does not wait for one that is not. */
export interface Watch {
  /** Whose agent it must be: each request says so, and the agent of another group does nothing for it. */
  readonly group: string;
  readonly times: BreakerTimes;
  readonly onChange: (outage: Outage | undefined) => void;
}

/** The sockets to one agent. */
export interface Connection {
  readonly request: (config: AxiosRequestConfig, signal: AbortSignal) => Promise<AxiosResponse<unknown>>;
  /** Since when the agent is down; undefined while it answers, and where nobody watches. */
  readonly outage: () => Outage | undefined;
  /** Closes the sockets, those in use when their requests have ended. */
  readonly close: () => void;
}

/** Sockets that one client keeps open to its agent at most. */
const SOCKETS = 64;

export function connect(address: AgentAddress, watch?: Watch): Connection {
  const sockets = socketsOf(address, { keepAlive: true, maxSockets: SOCKETS });
  const http = axios.create({
    baseURL: address.url,
    headers: {
      [API_KEY_HEADER]: address.apiKey,
      Accept: "application/json",
      ...(watch === undefined ? {} : { [EXPECTED_GROUP_HEADER]: watch.group }),
    },
    ...sockets,
    proxy: false,
    maxRedirects: 0,
    // Repeated names, as this API has them.
    paramsSerializer: { indexes: null },
    maxContentLength: 256 * 1024 * 1024,
  });
  // Each operation of this API is idempotent: a create is known by its name.
  axiosRetry(http, {
    retries: 2,
    retryDelay: (count, error) => exponentialDelay(count, error, 50),
    retryCondition: isNetworkError,
  });
  const breaker = watch === undefined ? undefined : breakerOf(address, watch);
  let inFlight = 0;
  let closed = false;
  const closeSockets = () => {
    sockets.httpAgent.destroy();
    sockets.httpsAgent.destroy();
  };
  return {
    request: async (config, signal) => {
      inFlight++;
      try {
        const send = (own: AbortSignal) => http.request<unknown>({ ...config, signal: own });
        return await (breaker === undefined ? send(signal) : breaker.run(send, signal));
      } finally {
        inFlight--;
        if (closed && inFlight === 0) closeSockets();
      }
    },
    outage: () => breaker?.outage(),
    close: () => {
      closed = true;
      breaker?.close();
      if (inFlight === 0) closeSockets();
    },
  };
}

/** Looks over sockets of its own: the others may all be taken by long operations. */
function breakerOf(address: AgentAddress, { group, times, onChange }: Watch): Breaker {
  const http = axios.create({
    baseURL: address.url,
    headers: { [EXPECTED_GROUP_HEADER]: group },
    ...socketsOf(address, { keepAlive: false }),
    proxy: false,
    maxRedirects: 0,
    maxContentLength: 1024 * 1024,
  });
  const target = {
    name: `the agent of group ${group} at ${address.url}`,
    look: (signal: AbortSignal) => http.get("/healthz", { signal }),
    silenceOf,
    onChange,
  };
  return new Breaker(target, times);
}

function socketsOf({ ca }: AgentAddress, options: { keepAlive: boolean; maxSockets?: number }) {
  return {
    httpAgent: new HttpAgent(options),
    httpsAgent: new HttpsAgent({ ...options, ...(ca === undefined ? {} : { ca }) }),
  };
}

/** Answers of what stands in front of an agent that is gone. */
const GATEWAY = new Set([502, 503, 504]);

/** Why a request failed that no agent of the group answered; undefined for one that was answered, or ended by who asked. */
function silenceOf(error: unknown): string | undefined {
  if (!isAxiosError(error)) return undefined;
  const misdirection = misdirectionOf(error);
  if (misdirection !== undefined) return misdirection;
  if (error.response !== undefined) {
    const { status, headers } = error.response;
    const isOurs = String(headers["content-type"] ?? "").includes("json");
    return GATEWAY.has(status) && !isOurs ? reasonOf(error) : undefined;
  }
  if (error.code === "ERR_CANCELED") return "no answer in time";
  return error.code?.startsWith("ERR_BAD") === true ? undefined : reasonOf(error);
}

/** Codes of OpenSSL for a certificate whose authority is not known here. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/;

/** What kept a request from being answered, without the request: that carries the key. */
export function reasonOf(error: { code?: string; message: string; response?: { status: number } }): string {
  const reason =
    error.response === undefined ? (error.code ?? error.message) : `HTTP ${error.response.status}`;
  return UNTRUSTED.test(reason) ? `${reason}: its certificate is not trusted; give its CA file` : reason;
}

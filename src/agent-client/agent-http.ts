import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import axios, { isAxiosError, type AxiosRequestConfig, type AxiosResponse } from "axios";
import axiosRetry, { exponentialDelay, isNetworkError } from "axios-retry";
import { DEFAULT_BUDGET_MS, shrinkBudget } from "../kit/deadline.ts";
import { errorCodeOfGrpc, StatusError } from "../kit/errors.ts";
import * as answers from "./generated/answers.ts";
import { API_KEY_HEADER, BUDGET_HEADER, REQUEST_ID_HEADER } from "./headers.ts";

/** How one agent is reached. */
export interface AgentAddress {
  /** `https://host:port`, without a path. */
  readonly url: string;
  readonly apiKey: string;
  /** PEM of the authority that signed the agent's certificate; the system's are used without it. */
  readonly ca?: string;
}

/** Who asks: the signal ends the request, the deadline (performance.now() based) travels to the agent. */
export interface ClientCall {
  readonly signal: AbortSignal;
  readonly requestId: string;
  readonly deadline: number;
}

/** Tells an answer of this API: an agent of another version, or something else at its address, is not believed. */
export type Check<T> = (data: unknown) => data is T;

export interface Request extends Omit<AxiosRequestConfig, "headers"> {
  readonly headers?: Readonly<Record<string, string>>;
}

/** One agent's API as requests and answers. */
export interface AgentHttp {
  /** For an operation that answers with something. */
  readonly ask: <T>(is: Check<T>, request: Request, call: ClientCall) => Promise<T>;
  /** For an operation whose answer is that it was done. */
  readonly tell: (request: Request, call: ClientCall) => Promise<void>;
}

/** Sockets that one client keeps open to its agent at most. */
const SOCKETS = 64;

/** @throws StatusError from each call, with the agent's own code, UNAVAILABLE when it can't be reached. */
export function createAgentHttp(address: AgentAddress): AgentHttp {
  const agentOptions = { keepAlive: true, maxSockets: SOCKETS };
  const http = axios.create({
    baseURL: address.url,
    headers: { [API_KEY_HEADER]: address.apiKey, Accept: "application/json" },
    httpAgent: new HttpAgent(agentOptions),
    httpsAgent: new HttpsAgent({ ...agentOptions, ...(address.ca === undefined ? {} : { ca: address.ca }) }),
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

  async function send({ headers, ...config }: Request, call: ClientCall): Promise<AxiosResponse<unknown>> {
    const remaining = Math.min(call.deadline - performance.now(), DEFAULT_BUDGET_MS);
    try {
      return await http.request<unknown>({
        ...config,
        signal: call.signal,
        headers: {
          ...headers,
          [REQUEST_ID_HEADER]: call.requestId,
          [BUDGET_HEADER]: String(shrinkBudget(remaining)),
        },
      });
    } catch (error) {
      throw errorOf(error, address.url);
    }
  }

  async function ask<T>(is: Check<T>, config: Request, call: ClientCall): Promise<T> {
    const { data } = await send(config, call);
    if (is(data)) return data;
    throw foreign(config);
  }

  async function tell(config: Request, call: ClientCall): Promise<void> {
    const { status } = await send(config, call);
    if (status !== 204) throw foreign(config);
  }

  function foreign({ url = "" }: Request): StatusError {
    return new StatusError(
      "UNAVAILABLE",
      `${address.url} answered ${url} with something this API does not have`,
    );
  }

  return { ask, tell };
}

/** A URL path whose values can't leave their segment. */
export function path(texts: TemplateStringsArray, ...values: string[]): string {
  // A URL resolves dot segments, however they are escaped: "/volume/.." would be the root.
  const dots = values.find((value) => value === "" || value === "." || value === "..");
  if (dots !== undefined)
    throw new StatusError("INVALID_ARGUMENT", `${JSON.stringify(dots)} is not a name or id`);
  return texts.reduce((whole, text, index) => whole + encodeURIComponent(values[index - 1] ?? "") + text);
}

function errorOf(error: unknown, url: string): StatusError {
  if (!isAxiosError(error)) return StatusError.from(error);
  const answer: unknown = error.response?.data;
  // The cause is left out: an axios error carries the request, and with it the key.
  if (answers.isErrorAnswer(answer)) return new StatusError(errorCodeOfGrpc(answer.code), answer.message);
  if (error.code === "ERR_CANCELED")
    return new StatusError("ABORTED", `the agent at ${url} is still working; the request can be repeated`);
  const reason =
    error.response === undefined ? (error.code ?? error.message) : `HTTP ${error.response.status}`;
  const hint = UNTRUSTED.test(reason) ? ": its certificate is not trusted; give its CA file" : "";
  return new StatusError("UNAVAILABLE", `the agent at ${url} can't be reached: ${reason}${hint}`);
}

/** Codes of OpenSSL for a certificate whose authority is not known here. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/;

import { isAxiosError, type AxiosRequestConfig, type AxiosResponse } from "axios";
import { DEFAULT_BUDGET_MS, shrinkBudget } from "../kit/deadline.ts";
import { errorCodeOfGrpc, StatusError } from "../kit/errors.ts";
import { type AgentAddress, type Connection, reasonOf } from "./connection.ts";
import * as answers from "./generated/answers.ts";
import { BUDGET_HEADER, REQUEST_ID_HEADER } from "./headers.ts";
import { misdirectionOf } from "./misdirection.ts";

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

/** @throws StatusError from each call, with the agent's own code, UNAVAILABLE when it can't be reached. */
export function agentHttp({ url: agent }: AgentAddress, connection: Connection): AgentHttp {
  async function send({ headers, ...config }: Request, call: ClientCall): Promise<AxiosResponse<unknown>> {
    const remaining = Math.min(call.deadline - performance.now(), DEFAULT_BUDGET_MS);
    try {
      const ownHeaders = {
        [REQUEST_ID_HEADER]: call.requestId,
        [BUDGET_HEADER]: String(shrinkBudget(remaining)),
      };
      return await connection.request({ ...config, headers: { ...headers, ...ownHeaders } }, call.signal);
    } catch (error) {
      throw errorOf(error, agent);
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
    return new StatusError("UNAVAILABLE", `${agent} answered ${url} with something this API does not have`);
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
  const misdirection = misdirectionOf(error);
  if (misdirection !== undefined) return new StatusError("UNAVAILABLE", `${url}: ${misdirection}`);
  const answer: unknown = error.response?.data;
  // The cause is left out: an axios error carries the request, and with it the key.
  if (answers.isErrorAnswer(answer)) return new StatusError(errorCodeOfGrpc(answer.code), answer.message);
  if (error.code === "ERR_CANCELED")
    return new StatusError("ABORTED", `the agent at ${url} is still working; the request can be repeated`);
  return new StatusError("UNAVAILABLE", `the agent at ${url} can't be reached: ${reasonOf(error)}`);
}

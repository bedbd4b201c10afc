import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import axios, { isAxiosError, type AxiosRequestConfig, type AxiosResponse } from "axios";
import axiosRetry, { exponentialDelay, isNetworkError } from "axios-retry";
import { DEFAULT_BUDGET_MS, shrinkBudget } from "../kit/deadline.ts";
import { errorCodeOfGrpc, StatusError } from "../kit/errors.ts";
import * as answers from "./generated/answers.ts";
import { API_KEY_HEADER, BUDGET_HEADER, REQUEST_ID_HEADER } from "./headers.ts";
import type * as wire from "./wire.ts";

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

/**
 * The volume service API of one agent. Every failure is a StatusError with the agent's own code, UNAVAILABLE when
 * it can't be reached.
 */
export interface AgentClient {
  /** Any size from `size` to `limit` bytes. */
  createVolume(name: string, size: bigint, limit: bigint, call: ClientCall): Promise<wire.VolumeAnswer>;
  getVolume(idOrName: string, call: ClientCall): Promise<wire.VolumeAnswer>;
  deleteVolume(id: string, call: ClientCall): Promise<void>;
  listVolumes(maxEntries: number, token: string, call: ClientCall): Promise<wire.VolumeList>;
  /** To any size from `size` to `limit` bytes; a larger volume is fine when it is within. */
  expandVolume(id: string, size: bigint, limit: bigint, call: ClientCall): Promise<wire.ExpandAnswer>;
  attach(vmId: string, volumeId: string, readOnly: boolean, call: ClientCall): Promise<wire.AttachmentAnswer>;
  detach(vmId: string, volumeId: string, call: ClientCall): Promise<void>;
  attachmentsOf(volumeId: string, call: ClientCall): Promise<wire.AttachmentAnswer[]>;
  capacity(call: ClientCall): Promise<wire.CapacityAnswer>;
  getVm(id: string, call: ClientCall): Promise<wire.VmAnswer>;
}

/** Tells an answer of this API: an agent of another version, or something else at its address, is not believed. */
type Check<T> = (data: unknown) => data is T;

interface Request extends Omit<AxiosRequestConfig, "headers"> {
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sockets that one client keeps open to its agent at most. */
const SOCKETS = 64;

export function createAgentClient(address: AgentAddress): AgentClient {
  const agentOptions = { keepAlive: true, maxSockets: SOCKETS };
  const http = axios.create({
    baseURL: address.url,
    headers: { [API_KEY_HEADER]: address.apiKey, Accept: "application/json" },
    httpAgent: new HttpAgent(agentOptions),
    httpsAgent: new HttpsAgent({ ...agentOptions, ...(address.ca === undefined ? {} : { ca: address.ca }) }),
    proxy: false,
    maxRedirects: 0,
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

  /** For an operation whose answer is that it was done. */
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

  return {
    createVolume: async (name, size, limit, call) =>
      await ask(
        answers.isVolumeAnswer,
        { method: "POST", url: path`/volume/${name}`, params: { size: String(size), limit: String(limit) } },
        call,
      ),
    getVolume: async (id, call) => await ask(answers.isVolumeAnswer, { url: path`/volume/${id}` }, call),
    deleteVolume: async (id, call) => {
      await tell({ method: "DELETE", url: path`/volume/${id}` }, call);
    },
    listVolumes: async (maxEntries, nextToken, call) =>
      await ask(answers.isVolumeList, { url: "/volumes", params: { maxEntries, nextToken } }, call),
    expandVolume: async (id, size, limit, call) =>
      await ask(
        answers.isExpandAnswer,
        { method: "PUT", url: path`/volume/${id}`, params: { size: String(size), limit: String(limit) } },
        call,
      ),
    attach: async (vmId, id, readonly, call) =>
      await ask(
        answers.isAttachmentAnswer,
        {
          method: "PUT",
          url: path`/attachment/node/${vmId}/volume/${id}`,
          params: { readonly },
          headers: { Prefer: "return=representation" },
        },
        call,
      ),
    detach: async (vmId, id, call) => {
      await tell({ method: "DELETE", url: path`/attachment/node/${vmId}/volume/${id}` }, call);
    },
    attachmentsOf: async (id, call) =>
      (await ask(answers.isAttachmentList, { url: path`/volume/${id}/attachments` }, call)).Attachments,
    capacity: async (call) => await ask(answers.isCapacityAnswer, { url: "/capacity" }, call),
    getVm: async (id, call) => await ask(answers.isVmAnswer, { url: path`/vm/${id}` }, call),
  };
}

/** A URL path whose values can't leave their segment. */
function path(texts: TemplateStringsArray, ...values: string[]): string {
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
  return new StatusError("UNAVAILABLE", `the agent at ${url} can't be reached: ${reason}`);
}

import { expect } from "chai";
import { http, type HttpAnswer } from "../../../support/http.ts";
import { restAgent, type RestFixture } from "../fixture.ts";

export interface Item {
  readonly status?: "success" | "error";
  readonly message?: string;
  readonly error?: number;
  readonly id?: string;
  readonly uuid?: string;
  readonly name?: string;
  readonly state?: string;
  readonly size_mb?: number;
  readonly attached_to?: { uuid: string; name?: string; readonly: boolean; at?: string }[];
  readonly mounted_by?: { uuid: string; name?: string; readonly: boolean }[];
  readonly persistent?: boolean;
  readonly created_at?: string;
  readonly tags?: string[];
  readonly quota_policy?: string;
  readonly delete_lock?: boolean;
}

export interface Envelope {
  readonly status: string;
  readonly message?: string;
  readonly data: Readonly<Record<string, Item[]>>;
  readonly errors?: { status: number; message: string; error: number }[];
  readonly op_time_us: number;
}

export interface V1Fixture extends RestFixture {
  /** Sends a request and answers its envelope; fails when that is none. */
  ask(method: string, path: string, body?: unknown): Promise<Envelope & { http: number }>;
  /** The items of a request that must be answered with HTTP 200. */
  items(method: string, path: string, body?: unknown): Promise<Item[]>;
  /** Makes a volume of 8 MiB and returns its uuid. */
  create(name: string, more?: object): Promise<string>;
}

/** What every answer of this API is, whatever happened. */
export function envelopeOf({ text, json, contentType }: HttpAnswer): Envelope {
  expect(contentType, text).to.match(/^application\/json/);
  const envelope = json as Envelope;
  expect(envelope.status).to.be.oneOf(["success", "partial_success", "error"]);
  expect(Object.keys(envelope.data), "exactly one key").to.have.lengthOf(1);
  expect(Object.values(envelope.data)[0]).to.be.an("array");
  expect(envelope.op_time_us).to.be.a("number");
  if (envelope.status !== "error") expect(envelope).not.to.have.property("errors");
  return envelope;
}

/** An agent of its own for the tests of the enclosing `describe`. */
export function v1Agent(): V1Fixture {
  const rest = restAgent() as V1Fixture;
  rest.ask = async (method, path, body) => {
    const answer = await http(rest.agent.url, method, `/v1${path}`, {
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { ...envelopeOf(answer), http: answer.status };
  };
  rest.items = async (method, path, body) => {
    const { http: status, data, message } = await rest.ask(method, path, body);
    expect(status, message).to.equal(200);
    return data["volumes"] ?? [];
  };
  rest.create = async (name, more = {}) => {
    const [item] = await rest.items("POST", "/volumes", { name, size_mb: 8, ...more });
    expect(item, item?.message).to.include({ status: "success", name });
    return item?.uuid ?? "";
  };
  return rest;
}

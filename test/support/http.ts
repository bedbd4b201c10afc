import { request } from "node:http";
import { expect } from "chai";
import { TEST_KEY } from "./agent.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** The body as JSON; undefined when it is empty or something else. */
  readonly json: unknown;
  readonly contentType: string | undefined;
}

interface HttpOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The API key; null sends none. */
  readonly key?: string | null;
}

/** Sends a request whose path goes over the wire as it is written: nothing resolves or escapes it. */
export async function http(
  base: string,
  method: string,
  path: string,
  { headers = {}, body, key = TEST_KEY }: HttpOptions = {},
): Promise<HttpAnswer> {
  const { hostname, port } = new URL(base);
  return await new Promise((resolve, reject) => {
    const call = request(
      {
        hostname,
        port,
        method,
        path,
        agent: false,
        headers: {
          ...(key === null ? {} : { "X-Api-Key": key }),
          ...(body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.once("error", reject);
        response.once("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const contentType = response.headers["content-type"];
          resolve({ status: response.statusCode ?? 0, text, json: jsonOf(text), contentType });
        });
      },
    );
    call.once("error", reject);
    call.end(body);
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Passes when the answer is this API's error: HTTP status, gRPC's number, and a message that matches. */
export function expectError(answer: HttpAnswer, status: number, code: number, message = /./): void {
  expect(answer.status, answer.text).to.equal(status);
  expect(answer.json).to.have.all.keys("code", "message");
  const { code: number, message: text } = answer.json as { code: unknown; message: unknown };
  expect(number, answer.text).to.equal(code);
  expect(text).to.match(message);
}

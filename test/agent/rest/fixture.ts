import { expect } from "chai";
import { startTestAgent, type TestAgent } from "../../support/agent.ts";
import { http, type HttpAnswer } from "../../support/http.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

/** 8 MiB, a size that every layout can have. */
export const SIZE = 8 * 2 ** 20;
export const UNKNOWN = "11111111-2222-4333-8444-555555555555";
export const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface RestFixture {
  readonly agent: TestAgent;
  send(method: string, path: string, options?: Parameters<typeof http>[3]): Promise<HttpAnswer>;
  /** Makes a volume of {@link SIZE} and returns its id. */
  make(name: string): Promise<string>;
}

/** An agent of its own for the tests of the enclosing `describe`. */
export function restAgent(): RestFixture {
  const path = temporaryDirectory();
  const fixture = {} as { -readonly [Key in keyof RestFixture]: RestFixture[Key] };
  before(async () => {
    const agent = await startTestAgent(path("pool"));
    fixture.agent = agent;
    fixture.send = (method, target, options) => http(agent.url, method, target, options);
    fixture.make = async (name) => {
      const { status, json, text } = await fixture.send("POST", `/volume/${name}?size=${SIZE}`);
      expect(status, text).to.equal(201);
      return (json as { id: string }).id;
    };
  });
  after(() => fixture.agent.close());
  return fixture;
}

import { request } from "node:http";
import { once } from "node:events";
import { expect } from "chai";
import type { CallContext, Engine } from "../../../src/agent/engine/engine.ts";
import { TEST_KEY } from "../../support/agent.ts";
import { http } from "../../support/http.ts";
import { restServers } from "../../support/rest-server.ts";

describe("rest call context", () => {
  const arrived: ((context: CallContext) => void)[] = [];
  let answer: Promise<unknown> = Promise.resolve();
  const engine = {
    listVms: async (context: CallContext) => {
      arrived.shift()?.(context);
      await answer;
      return [];
    },
  } as unknown as Engine;
  const serve = restServers();
  let url = "";
  before(async () => {
    ({ url } = await serve(engine));
  });

  /** What the engine gets with a request of these headers. */
  async function contextOf(headers: Readonly<Record<string, string>>): Promise<CallContext> {
    const context = new Promise<CallContext>((resolve) => arrived.push(resolve));
    await http(url, "GET", "/vms", { headers });
    return await context;
  }

  it("takes the caller's request id when it can stand in a log", async () => {
    expect(await contextOf({ "X-Request-Id": "a-1.b_2" })).to.have.property("requestId", "a-1.b_2");
    const ids = new Set<string>();
    for (const id of ["", "a b", "x\ty", "{}", "x".repeat(65), "<script>"]) {
      const { requestId } = await contextOf({ "X-Request-Id": id });
      expect(requestId).not.to.equal(id);
      expect(requestId).to.match(/^[\w.-]{1,64}$/);
      ids.add(requestId);
    }
    ids.add((await contextOf({})).requestId);
    expect(ids.size).to.equal(7);
  });

  it("ends its signal when the caller's budget is spent", async () => {
    const end = Promise.withResolvers<undefined>();
    answer = end.promise;
    const context = new Promise<CallContext>((resolve) => arrived.push(resolve));
    const sent = http(url, "GET", "/vms", { headers: { "X-Request-Budget-Ms": "50" } });
    const { signal } = await context;
    if (!signal.aborted) await once(signal, "abort");
    end.resolve(undefined);
    expect((await sent).status).to.equal(200);
  });

  for (const budget of ["", "x", "0", "-1", "NaN", "Infinity", "1e99"]) {
    it(`takes its own budget instead of ${JSON.stringify(budget)}`, async () => {
      answer = Promise.resolve();
      expect((await contextOf({ "X-Request-Budget-Ms": budget })).signal.aborted).to.equal(false);
    });
  }

  it("ends its signal when the caller hangs up", async () => {
    const end = Promise.withResolvers<undefined>();
    answer = end.promise;
    const context = new Promise<CallContext>((resolve) => arrived.push(resolve));
    const call = request(`${url}/vms`, {
      headers: { "X-Api-Key": TEST_KEY },
      agent: false,
    });
    call.on("error", () => undefined);
    call.end();
    const { signal } = await context;
    expect(signal.aborted).to.equal(false);
    call.destroy();
    if (!signal.aborted) await once(signal, "abort");
    end.resolve(undefined);
  });

  it("does not end its signal after an answer", async () => {
    answer = Promise.resolve();
    const { signal } = await contextOf({});
    expect(signal.aborted).to.equal(false);
  });
});

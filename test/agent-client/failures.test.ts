import { inspect } from "node:util";
import { expect } from "chai";
import { createAgentClient } from "../../src/agent-client/agent-client.ts";
import { errorTable, type ErrorCode } from "../../src/kit/errors.ts";
import { DEAD_URL, testCall } from "../support/agent.ts";
import { expectFailure, failureOf } from "../support/failure.ts";
import { json, stubServer } from "../support/stub-server.ts";

const KEY = "a-key-that-must-not-be-seen";
const ID = "11111111-2222-4333-8444-555555555555";
const VOLUME = {
  name: "x",
  id: ID,
  size: 1,
  pool: "default",
  type: "fixed",
  created_at: "2026-01-01T00:00:00.000Z",
  labels: {},
  attributes: {},
  source: null,
  fault: null,
};

describe("agent client failures", () => {
  const stub = stubServer();
  const client = () => createAgentClient({ url: stub.url, apiKey: KEY });
  const get = () => client().getVolume(ID, testCall());

  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    it(`carry ${code} from the agent`, async () => {
      const { grpc, http } = errorTable[code];
      stub.answer = json(http, { code: grpc, message: `the agent says ${code}` });
      const error = await failureOf(get());
      expect(error).to.include({ code, message: `the agent says ${code}` });
    });
  }

  it("carry UNKNOWN for a number that is none", async () => {
    stub.answer = json(500, { code: 99, message: "from the future" });
    await expectFailure(get(), "UNKNOWN", /from the future/);
  });

  for (const [what, status, body] of [
    ["an HTML page", 200, "<html>hello</html>"],
    ["a list", 200, []],
    ["null", 200, null],
    ["nothing", 200, ""],
    ["a volume without a size", 200, { name: "x", id: ID }],
    ["a size as text", 200, { ...VOLUME, size: "1" }],
    ["a negative size", 200, { ...VOLUME, size: -1 }],
    ["another object", 200, { volumes: [] }],
    ["an error of another form", 500, { error: "x", statusCode: 500 }],
    ["an error whose code is text", 500, { code: "5", message: "x" }],
    ["a missing page of another server", 404, "not found"],
    ["a redirect", 302, ""],
  ] as const) {
    it(`do not believe ${what}`, async () => {
      stub.answer = json(status, body);
      await expectFailure(get(), "UNAVAILABLE");
    });
  }

  for (const [status, body] of [
    [200, "<html>"],
    [200, {}],
    [302, ""],
    [404, "not found"],
    [500, ""],
  ] as const) {
    it(`do not take another server's ${status} ${JSON.stringify(body)} for deleted or detached`, async () => {
      stub.answer = json(status, body);
      await expectFailure(client().deleteVolume(ID, testCall()), "UNAVAILABLE");
      await expectFailure(client().detach(ID, ID, testCall()), "UNAVAILABLE");
    });
  }

  it("do not carry the key to where a redirect points", async () => {
    stub.seen.length = 0;
    stub.answer = (_request, response) => {
      response.writeHead(stub.seen.length === 1 ? 307 : 204, { Location: "/elsewhere" }).end();
    };
    await expectFailure(client().deleteVolume(ID, testCall()), "UNAVAILABLE", /HTTP 307/);
    expect(stub.seen).to.deep.equal([`DELETE /volume/${ID}`]);
  });

  it("say that an agent can't be reached, and where", async () => {
    const down = createAgentClient({ url: DEAD_URL, apiKey: KEY });
    await expectFailure(
      down.capacity(undefined, testCall()),
      "UNAVAILABLE",
      /127\.0\.0\.1:1 can't be reached: ECONNREFUSED/,
    );
  });

  it("are tried again when the connection breaks, and not when there was an answer", async () => {
    stub.seen.length = 0;
    stub.answer = (request, response) => {
      if (stub.seen.length < 3) request.socket.destroy();
      else json(200, VOLUME)(request, response);
    };
    expect(await get()).to.deep.equal(VOLUME);
    expect(stub.seen).to.deep.equal(Array.from({ length: 3 }, () => `GET /volume/${ID}`));
    stub.seen.length = 0;
    stub.answer = json(503, { code: 14, message: "not yet" });
    await expectFailure(get(), "UNAVAILABLE", /not yet/);
    expect(stub.seen).to.have.lengthOf(1);
  });

  it("give up after some tries", async () => {
    stub.seen.length = 0;
    stub.answer = (request) => request.socket.destroy();
    await expectFailure(get(), "UNAVAILABLE");
    expect(stub.seen.length).to.be.within(2, 5);
  });

  it("never hold the key", async () => {
    const errors = [];
    for (const answer of [
      json(500, "x"),
      json(200, "x"),
      json(403, { code: 7, message: "no" }),
      json(302, ""),
      ((request) => request.socket.destroy()) satisfies typeof stub.answer,
    ]) {
      stub.answer = answer;
      errors.push(await failureOf(get()));
    }
    errors.push(
      await failureOf(createAgentClient({ url: DEAD_URL, apiKey: KEY }).capacity(undefined, testCall())),
    );
    for (const error of errors) {
      expect(inspect(error, { depth: 20, showHidden: true, getters: true })).not.to.contain(KEY);
      expect(JSON.stringify(error)).not.to.contain(KEY);
    }
  });
});

import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { expect } from "chai";
import { createAgentClient } from "../../src/agent-client/agent-client.ts";
import { testCall } from "../support/agent.ts";
import { expectFailure } from "../support/failure.ts";
import { json, stubServer } from "../support/stub-server.ts";
import { until } from "../support/until.ts";

const CAPACITY = { AvailableCapacity: 3, MinimumVolumeSize: 1, MaximumVolumeSize: 2 };

describe("agent client call", () => {
  const stub = stubServer();
  const client = (url = stub.url) => createAgentClient({ url, apiKey: "key-of-the-call" });

  async function headersOf(call = testCall()): Promise<IncomingHttpHeaders> {
    let headers: IncomingHttpHeaders = {};
    stub.answer = (request, response) => {
      headers = request.headers;
      json(200, CAPACITY)(request, response);
    };
    await client().capacity(undefined, call);
    return headers;
  }
  const budgetOf = async (ms: number) => {
    const headers = await headersOf({ ...testCall(), deadline: performance.now() + ms });
    return Number(headers["x-request-budget-ms"]);
  };

  it("carries key, request id and what it takes for an answer", async () => {
    expect(await headersOf({ ...testCall(), requestId: "request-7" })).to.include({
      "x-api-key": "key-of-the-call",
      "x-request-id": "request-7",
      accept: "application/json",
    });
  });

  it("gives the agent a little less time than the caller has", async () => {
    expect(await budgetOf(30_000)).to.be.within(1, 29_500);
    expect(await budgetOf(100)).to.be.within(1, 90);
  });

  it("gives the agent a time even when there is none left, and never without end", async () => {
    expect(await budgetOf(-5000)).to.equal(1);
    expect(await budgetOf(Number.POSITIVE_INFINITY)).to.be.within(1, 120_000);
  });

  it("ends with its signal, and hangs up", async () => {
    const caller = new AbortController();
    let hungUp: Promise<unknown> | undefined;
    stub.answer = (_request, response) => {
      hungUp = once(response, "close");
    };
    const call = client().capacity(undefined, { ...testCall(), signal: caller.signal });
    await until(() => hungUp !== undefined, "the request has arrived");
    caller.abort();
    await expectFailure(call, "ABORTED", /still working/);
    await hungUp;
  });

  it("is not sent after its signal", async () => {
    stub.seen.length = 0;
    const call = client().capacity(undefined, { ...testCall(), signal: AbortSignal.abort() });
    await expectFailure(call, "ABORTED");
    expect(stub.seen).to.deep.equal([]);
  });

  it("keeps its path under a URL with a slash at the end", async () => {
    stub.seen.length = 0;
    stub.answer = json(200, CAPACITY);
    await client(`${stub.url}/`).capacity(undefined, testCall());
    expect(stub.seen).to.deep.equal(["GET /capacity"]);
  });

  it("keeps its connection for the next one", async () => {
    const ports = new Set<number | undefined>();
    stub.answer = (request, response) => {
      ports.add(request.socket.remotePort);
      json(200, CAPACITY)(request, response);
    };
    const kept = client();
    for (let time = 0; time < 5; time++) await kept.capacity(undefined, testCall());
    expect(ports.size).to.equal(1);
  });

  it("never uses a proxy", async () => {
    const before = process.env["http_proxy"];
    process.env["http_proxy"] = "http://127.0.0.1:1";
    try {
      stub.answer = json(200, CAPACITY);
      expect(await client().capacity(undefined, testCall())).to.deep.equal(CAPACITY);
    } finally {
      if (before === undefined) delete process.env["http_proxy"];
      else process.env["http_proxy"] = before;
    }
  });
});

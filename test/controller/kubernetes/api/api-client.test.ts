import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { openCluster } from "../../../../src/controller/kubernetes/api/cluster.ts";
import type { ErrorCode } from "../../../../src/kit/errors.ts";
import { expectFailure } from "../../../support/failure.ts";
import { testApi } from "../../../support/api-server/test-api.ts";

const NODES = "/api/v1/nodes";
const never = new AbortController().signal;

describe("the client of the API server", () => {
  const test = testApi();
  const node = (name: string) => ({ kind: "Node", metadata: { name }, spec: {} });

  it("shows its token, over one connection for all requests", async () => {
    test.server.put(NODES, node("one"));
    for (let times = 0; times < 5; times++) {
      const { metadata } = await test.api.get(`${NODES}/one`, never);
      expect(metadata).to.include({ name: "one" });
    }
    expect(test.server.connections).to.equal(1);
  });

  it("reads lists of many pages", async () => {
    for (let number = 0; number < 1201; number++) test.server.put(NODES, node(`n${number}`));
    const names: unknown[] = [];
    for await (const { items } of test.api.list(NODES, {}, never))
      names.push(...items.map(({ metadata }) => (metadata as { name: string }).name));
    expect(names).to.have.lengthOf(1201);
    expect(new Set(names)).to.have.lengthOf(1201);
    expect(test.server.seen("GET", /nodes$/)).to.have.lengthOf(3);
  });

  it("changes a thing only as it was seen: a version that is past is ABORTED, a test that fails FAILED_PRECONDITION", async () => {
    const seen = test.server.put(NODES, node("one"));
    test.server.put(NODES, { ...node("one"), spec: { podCIDR: "10.0.0.0/24" } });
    await expectFailure(test.api.replace(`${NODES}/one`, { ...seen }, never), "ABORTED", /modified/);
    const patch = [
      { op: "test", path: "/spec/podCIDR", value: "other" },
      { op: "add", path: "/spec/unschedulable", value: true },
    ];
    await expectFailure(test.api.patch(`${NODES}/one`, "json", patch, never), "FAILED_PRECONDITION", /test/);
    expect(test.server.store.get(`${NODES}/one`)["spec"]).to.deep.equal({ podCIDR: "10.0.0.0/24" });
    await expectFailure(test.api.create(NODES, node("one"), never), "ALREADY_EXISTS", /exists/);
    await expectFailure(test.api.get(`${NODES}/none`, never), "NOT_FOUND", /GET .*none.*not found/);
  });

  it("waits as long as a busy API server asks, and gives up after some tries", async () => {
    test.server.put(NODES, node("one"));
    let busy = 2;
    test.server.meddle = (_asked, response) => {
      if (busy-- <= 0) return false;
      response.writeHead(429, { "Retry-After": "0", "Content-Type": "application/json" }).end("{}");
      return true;
    };
    expect((await test.api.get(`${NODES}/one`, never))["kind"]).to.equal("Node");
    expect(test.server.asked).to.have.lengthOf(3);
    busy = Number.MAX_SAFE_INTEGER;
    await expectFailure(test.api.get(`${NODES}/one`, never), "UNAVAILABLE", /429/);
  });

  it("says what failed, never the token: refused, cut off, not understood, not there", async () => {
    const refused: string[] = [];
    const noteMessage = async (request: Promise<unknown>, code: ErrorCode, message: RegExp) => {
      await expectFailure(request, code, message);
      await request.catch((error: unknown) =>
        refused.push(JSON.stringify(error, Object.getOwnPropertyNames(error))),
      );
    };
    test.server.meddle = (_asked, response) => {
      response.writeHead(403, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ kind: "Status", code: 403, message: "nodes is forbidden" }));
      return true;
    };
    await noteMessage(test.api.get(NODES, never), "PERMISSION_DENIED", /nodes is forbidden/);
    test.server.meddle = (_asked, response) => {
      response.writeHead(200, { "Content-Type": "text/html" }).end("<html>a gateway</html>");
      return true;
    };
    await noteMessage(test.api.get(NODES, never), "UNAVAILABLE", /no object/);
    test.server.meddle = (_asked, response) => {
      response.destroy();
      return true;
    };
    await noteMessage(test.api.get(NODES, never), "UNAVAILABLE", /can't be reached/);
    await test.server.close();
    await noteMessage(test.api.get(NODES, never), "UNAVAILABLE", /ECONNREFUSED/);
    expect(refused.join()).not.to.contain("token-of-the-test");
  });

  it("ends a request that hangs when its caller does", async () => {
    test.server.meddle = () => true;
    const stop = new AbortController();
    const asked = test.api.get(NODES, stop.signal);
    stop.abort();
    await expectFailure(asked, "CANCELLED", /./);
  });

  it("reads a kubeconfig, and says what is wrong with one", async () => {
    const cluster = await openCluster({ kubeconfig: test.kubeconfig });
    expect([cluster.server, cluster.namespace]).to.deep.equal([test.server.url, "storage"]);
    cluster.close();
    for (const [text, message] of [
      ["{", /kubeconfig .* can't be used/],
      ["{}", /names no cluster/],
      [JSON.stringify({ clusters: [{ name: "x" }] }), /cluster is missing/],
    ] as const) {
      await writeFile(test.kubeconfig, text);
      await expectFailure(openCluster({ kubeconfig: test.kubeconfig }), "INVALID_ARGUMENT", message);
    }
    await expectFailure(openCluster({ kubeconfig: "/does/not/exist" }), "INVALID_ARGUMENT", /exist/);
  });
});

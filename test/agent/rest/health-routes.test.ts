import { expect } from "chai";
import { KeyRing } from "../../../src/agent/access/key-ring.ts";
import type { Engine } from "../../../src/agent/engine/engine.ts";
import { createRestServer } from "../../../src/agent/rest/server.ts";
import { silentLog } from "../../../src/kit/log.ts";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { adminKey, testRestSettings } from "../../support/agent.ts";
import { type EngineRig, openRig } from "../../support/engine-rig.ts";
import { FakeHost } from "../../support/fake-host.ts";
import { http } from "../../support/http.ts";
import { context } from "../../support/local-rig.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

describe("rest readiness", () => {
  const path = temporaryDirectory();
  let rig: EngineRig;
  const open: { close(): unknown }[] = [];
  before(async () => {
    rig = await openRig([path("pool")], { host: new FakeHost() });
  });
  after(async () => {
    for (const part of open) await part.close();
    await rig.close();
  });

  async function readiness(change: Partial<Engine>) {
    const engine = { ...rig.engine, ...change };
    const server = createRestServer(
      engine,
      new KeyRing([adminKey]),
      testRestSettings,
      createMetrics(),
      silentLog(),
    );
    open.push(server);
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    expect((await http(url, "GET", "/healthz", { key: null })).status, "it is alive all the same").to.equal(
      200,
    );
    const { status, json } = await http(url, "GET", "/readyz", { key: null });
    return [status, json];
  }

  it("is there while one pool can be used, and tells which can't", async () => {
    const [pool] = await rig.engine.listPools(context());
    const pools = [pool!, { ...pool!, name: "fast", down: "/secret/path is not there" }];
    expect(await readiness({ listPools: () => Promise.resolve(pools) })).to.deep.equal([
      200,
      { status: "ok", host: "ok", pools: { default: "ok", fast: "down" } },
    ]);
  });

  it("is gone without any pool", async () => {
    const [pool] = await rig.engine.listPools(context());
    const pools = [{ ...pool!, down: "gone" }];
    expect(await readiness({ listPools: () => Promise.resolve(pools) })).to.deep.equal([
      503,
      { status: "unavailable", host: "ok", pools: { default: "down" } },
    ]);
  });

  it("is one look at the host, however many ask", async () => {
    let looks = 0;
    const engine = {
      ...rig.engine,
      listVms: () => {
        looks++;
        return Promise.resolve([]);
      },
    };
    const server = createRestServer(
      engine,
      new KeyRing([adminKey]),
      testRestSettings,
      createMetrics(),
      silentLog(),
    );
    open.push(server);
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => http(url, "GET", "/readyz", { key: null })),
    );
    for (const { status } of answers) expect(status).to.equal(200);
    // A machine that is very slow may take more than the second that an answer is told again.
    expect(looks).to.be.below(answers.length);
  });

  it("is gone when the host does not answer", async () => {
    expect(await readiness({ listVms: () => Promise.reject(new Error("no answer")) })).to.deep.equal([
      503,
      { status: "unavailable", host: "down", pools: { default: "ok" } },
    ]);
  });
});

import { expect } from "chai";
import type { Engine } from "../../../src/agent/engine/engine.ts";
import { type EngineRig, engineRigs } from "../../support/engine-rig.ts";
import { http } from "../../support/http.ts";
import { context } from "../../support/local-rig.ts";
import { restServers } from "../../support/rest-server.ts";

describe("rest readiness", () => {
  const serve = restServers();
  const newRig = engineRigs();
  let rig: EngineRig;
  before(async () => {
    rig = await newRig();
  });

  async function readiness(change: Partial<Engine>) {
    const { url } = await serve({ ...rig.engine, ...change });
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
    const { url } = await serve(engine);
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

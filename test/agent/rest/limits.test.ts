import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect } from "chai";
import { defaultLimits, type RestLimits } from "../../../src/agent/rest/listener.ts";
import { TEST_KEY } from "../../support/agent.ts";
import { type EngineRig, engineRigs } from "../../support/engine-rig.ts";
import { expectError, http } from "../../support/http.ts";
import { restServers } from "../../support/rest-server.ts";
import { until } from "../../support/until.ts";

describe("rest limits", () => {
  const sockets: Socket[] = [];
  after(() => {
    for (const socket of sockets) socket.destroy();
  });
  const serveRest = restServers();
  const newRig = engineRigs();
  let rig: EngineRig;

  before(async () => {
    rig = await newRig();
  });

  async function serve(limits: Partial<RestLimits>, engine = rig.engine) {
    const { server, url } = await serveRest(engine, { limits: { ...defaultLimits, ...limits } });
    return { url, port: Number(new URL(url).port), server };
  }

  function dial(port: number): Socket {
    const socket = connect({ host: "127.0.0.1", port });
    socket.on("error", () => undefined);
    sockets.push(socket);
    return socket;
  }

  it("lets go of a client that never ends its header, and of one that never ends its body", async () => {
    const { port } = await serve({ headerMs: 100, requestMs: 200 });
    const slowHeader = dial(port);
    slowHeader.write("GET /volumes HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    const slowBody = dial(port);
    slowBody.write(
      `POST /volume/slow?size=8388608 HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${TEST_KEY}\r\nContent-Length: 100\r\n\r\n{`,
    );
    await Promise.all([slowHeader, slowBody].map(async (socket) => once(socket.resume(), "close")));
    expect(
      (await rig.engine.listVolumes({ maxEntries: 0, token: undefined }, context())).items,
    ).to.deep.equal([]);
  });

  it("serves so many requests at a time, and health whatever happens", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    let waiting = 0;
    const engine = {
      ...rig.engine,
      listVms: async () => {
        waiting++;
        await held;
        return [];
      },
    };
    const { url } = await serve({ requestsInFlight: 2 }, engine);
    const running = [http(url, "GET", "/vms"), http(url, "GET", "/vms")];
    await until(() => waiting === 2, "both are at work");
    const third = await fetch(`${url}/volumes`, { headers: { "X-Api-Key": TEST_KEY } });
    expect([third.status, third.headers.get("retry-after")]).to.deep.equal([503, "1"]);
    expect(await third.json()).to.have.property("code", 14);
    expect((await http(url, "GET", "/healthz", { key: null })).status).to.equal(200);
    expect((await http(url, "GET", "/metrics")).status).to.equal(200);
    release(undefined);
    for (const { status } of await Promise.all(running)) expect(status).to.equal(200);
    expect((await http(url, "GET", "/volumes")).status).to.equal(200);
  });

  it("has so many connections", async () => {
    const { url, port } = await serve({ connections: 2 });
    const kept = [dial(port), dial(port)];
    await Promise.all(kept.map((socket) => once(socket, "connect")));
    const dropped = dial(port);
    await once(dropped.resume(), "close");
    kept[0]!.destroy();
    await until(
      () =>
        http(url, "GET", "/volumes").then(
          ({ status }) => status === 200,
          () => false,
        ),
      "there is room again",
    );
  });

  it("ends what is at work when it is closed, and waits for nobody who is silent", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    let waiting = false;
    const engine = {
      ...rig.engine,
      listVms: async () => {
        waiting = true;
        await held;
        return [];
      },
    };
    const { url, port, server } = await serve({}, engine);
    const silent = dial(port);
    await once(silent, "connect");
    const running = http(url, "GET", "/vms");
    await until(() => waiting, "it is at work");
    const closed = server.close();
    await until(
      () =>
        http(url, "GET", "/vms").then(
          () => false,
          () => true,
        ),
      "nobody new is let in",
    );
    release(undefined);
    expect((await running).status).to.equal(200);
    await closed;
  });

  it("refuses what is too large: header, URL, body, path segment", async () => {
    const { url } = await serve({});
    expect(
      (await http(url, "GET", "/volumes", { headers: { "X-Large": "x".repeat(20_000) } })).status,
    ).to.equal(431);
    expect((await http(url, "GET", `/volumes?x=${"x".repeat(20_000)}`)).status).to.equal(431);
    expectError(await http(url, "POST", "/volume/a?size=1", { body: "x".repeat(65 * 1024) }), 400, 3);
    expectError(await http(url, "GET", `/volume/${"x".repeat(13_000)}`), 400, 3);
  });
});

function context() {
  return { signal: AbortSignal.timeout(10_000), requestId: "limits" };
}

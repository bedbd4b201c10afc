import { request } from "node:http";
import { expect } from "chai";
import { KeyRing } from "../../../../src/agent/access/key-ring.ts";
import { createRestServer } from "../../../../src/agent/rest/server.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { adminKey, TEST_KEY, testRestSettings } from "../../../support/agent.ts";
import { type EngineRig, engineRigs, exactly, newVolume } from "../../../support/engine-rig.ts";
import { http } from "../../../support/http.ts";
import { context } from "../../../support/local-rig.ts";
import { until } from "../../../support/until.ts";
import { envelopeOf, type Item } from "./fixture.ts";

const gates: { open(): void }[] = [];

/** A gate that is open until it is shut, and after the test. */
function gate() {
  let open: () => void = () => undefined;
  const own = {
    passed: Promise.resolve(),
    shut: () => {
      own.passed = new Promise<void>((resolve) => (open = resolve));
    },
    open: () => {
      open();
    },
  };
  gates.push(own);
  return own;
}

describe("volumes API v1: while something is at work", () => {
  const newRig = engineRigs();
  const servers: { close(): unknown }[] = [];
  afterEach(() => {
    for (const each of gates) each.open();
  });
  after(async () => {
    for (const server of servers) await server.close();
  });

  async function serve(rig: EngineRig) {
    const keys = new KeyRing([adminKey]);
    const server = createRestServer(rig.engine, keys, testRestSettings, createMetrics(), silentLog());
    servers.push(server);
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    const items = async (method: string, path: string, body?: unknown): Promise<Item[]> => {
      const answer = await http(
        url,
        method,
        `/v1${path}`,
        body === undefined ? {} : { body: JSON.stringify(body) },
      );
      expect(answer.status, answer.text).to.equal(200);
      return envelopeOf(answer).data["volumes"] ?? [];
    };
    return { url, items };
  }

  it("a volume that is being made is initializing, and its name is taken", async () => {
    const room = gate();
    const rig = await newRig();
    const { pool } = rig;
    const space = pool.space.bind(pool);
    rig.parts.pools.opened({ ...pool, space: () => room.passed.then(space) });
    const { items } = await serve(rig);
    room.shut();
    const creation = items("POST", "/volumes", { name: "slow", size_mb: 8 });
    await until(async () => (await rig.engine.listOperations(context())).length > 0, "the create runs");
    expect(await items("GET", "/volumes?name=slow")).to.deep.equal([
      { status: "success", state: "initializing", name: "slow" },
    ]);
    const [twin] = await items("POST", "/volumes", { name: "slow", size_mb: 8 });
    expect(twin).to.include({ status: "error", error: 23, name: "slow" });
    expect(await items("GET", "/volumes/list")).to.deep.equal([]);
    room.open();
    const [made] = await creation;
    expect(made).to.include({ status: "success", state: "available" });
    expect((await items("GET", "/volumes?name=slow"))[0]).to.include({
      uuid: made?.uuid,
      state: "available",
    });
  });

  it("a volume that is there is told as it is, also while a create of its name waits", async () => {
    const removal = gate();
    const rig = await newRig();
    rig.host.forget = () => removal.passed;
    const { items } = await serve(rig);
    const { id } = await rig.engine.createVolume(newVolume("held", exactly(8n * MiB)), context());
    removal.shut();
    const deletion = items("DELETE", "/volumes?name=held");
    await until(async () => (await rig.engine.listOperations(context())).length === 1, "the delete runs");
    const creation = rig.engine.createVolume(newVolume("held", exactly(8n * MiB)), context());
    await until(async () => (await rig.engine.listOperations(context())).length === 2, "the create waits");
    expect((await items("GET", "/volumes?name=held"))[0]).to.include({ uuid: id, state: "busy" });
    removal.open();
    expect((await deletion)[0]).to.include({ status: "success", uuid: id });
    expect((await creation).id).not.to.equal(id);
  });

  it("a client that hangs up cancels its wait, and all of its batch is done", async () => {
    const place = gate();
    const rig = await newRig();
    const { url, items } = await serve(rig);
    const names = Array.from({ length: 3 }, (_, index) => `v${index}`);
    await items(
      "POST",
      "/volumes",
      names.map((name) => ({ name, size_mb: 8 })),
    );
    place.shut();
    rig.host.gate = place.passed;
    const { hostname, port } = new URL(url);
    const options = { hostname, port, method: "PUT", path: "/v1/volumes/attach", agent: false };
    const call = request({ ...options, headers: { "X-Api-Key": TEST_KEY } });
    call.on("error", () => undefined);
    call.end(
      JSON.stringify(names.map((name) => ({ name, attach_to: { uuid: rig.host.vms[0]!.id }, at: "/x" }))),
    );
    await until(async () => (await rig.engine.listOperations(context())).length > 0, "the first attach runs");
    call.destroy();
    place.open();
    await until(() => rig.host.attachments.length === names.length, "all are attached");
    await until(
      async () => (await rig.engine.listOperations(context())).length === 0,
      "nothing runs any more",
    );
  });

  it("an item that takes longer than its caller waits is error 12, the others are answered", async () => {
    const place = gate();
    const rig = await newRig();
    const { url, items } = await serve(rig);
    await items("POST", "/volumes", [
      { name: "slow", size_mb: 8 },
      { name: "fast", size_mb: 8 },
    ]);
    await items("PUT", "/volumes/attach", {
      name: "fast",
      attach_to: { uuid: rig.host.vms[1]!.id },
      at: "/x",
    });
    place.shut();
    rig.host.gate = place.passed;
    const attach = (name: string) => ({ name, attach_to: { uuid: rig.host.vms[0]!.id }, at: "/x" });
    const answer = await http(url, "PUT", "/v1/volumes/attach", {
      headers: { "X-Request-Budget-Ms": "2000" },
      body: JSON.stringify([attach("fast"), attach("slow")]),
    });
    place.open();
    expect(answer.status, answer.text).to.equal(200);
    expect(envelopeOf(answer).data["volumes"]?.map(({ name, error }) => [name, error])).to.deep.equal([
      ["fast", 15],
      ["slow", 12],
    ]);
    await until(() => rig.host.attachments.length === 2, "it was attached in the end");
  });

  it("each instance that a volume could not be detached from is an item", async () => {
    const rig = await newRig();
    const { items } = await serve(rig);
    const [made] = await items("POST", "/volumes", { name: "shared", size_mb: 8 });
    const volumeId = made?.uuid ?? "";
    const [one, two] = rig.host.vms;
    const address = { kind: "loop", backingFile: "" } as const;
    rig.host.attachments = [one!, two!].map(({ id }) => ({ vmId: id, volumeId, readOnly: true, address }));
    rig.host.inUse.add(volumeId);
    const failed = await items("PUT", "/volumes/detach?name=shared");
    expect(failed.map(({ status, uuid }) => [status, uuid])).to.deep.equal([
      ["error", volumeId],
      ["error", volumeId],
    ]);
    expect(failed[0]?.message).to.include(one!.name);
    expect(failed[1]?.message).to.include(two!.name);
    rig.host.inUse.clear();
    expect(await items("PUT", "/volumes/detach?name=shared")).to.deep.equal([
      { status: "success", uuid: volumeId, name: "shared" },
    ]);
    expect(rig.host.attachments).to.deep.equal([]);
  });
});

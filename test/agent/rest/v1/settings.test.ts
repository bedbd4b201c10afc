import { expect } from "chai";
import { KeyRing } from "../../../../src/agent/access/key-ring.ts";
import { createRestServer } from "../../../../src/agent/rest/server.ts";
import type { VolumesApiSettings } from "../../../../src/agent/rest/v1/settings.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import { adminKey, testRestSettings } from "../../../support/agent.ts";
import { type EngineRig, openRig } from "../../../support/engine-rig.ts";
import { FakeHost, fakeVm } from "../../../support/fake-host.ts";
import { http } from "../../../support/http.ts";
import { temporaryDirectory } from "../../../support/temporary.ts";
import { type Item } from "./fixture.ts";

describe("volumes API v1: settings", () => {
  const path = temporaryDirectory();
  const open: { close(): unknown }[] = [];
  let rig: EngineRig;
  before(async () => {
    rig = await openRig([path("pool")], {
      host: new FakeHost([{ ...fakeVm(1), running: false }, fakeVm(2)]),
    });
  });
  after(async () => {
    for (const part of open) await part.close();
    await rig.close();
  });

  async function serve(volumesApi: VolumesApiSettings) {
    const settings = { ...testRestSettings, volumesApi };
    const server = createRestServer(
      rig.engine,
      new KeyRing([adminKey]),
      settings,
      createMetrics(),
      silentLog(),
    );
    open.push(server);
    const url = await server.listen({ host: "127.0.0.1", port: 0 });
    return async (method: string, target: string, body: unknown): Promise<Item | undefined> => {
      const { json } = await http(url, method, `/v1${target}`, { body: JSON.stringify(body) });
      return (json as { data: { volumes: Item[] } }).data.volumes[0];
    };
  }

  it("can ask for stopped instances: error 11 for a running one", async () => {
    const send = await serve({ instanceMustBeStopped: true, oneVolumePerInstance: false });
    await send("POST", "/volumes", { name: "s", size_mb: 8 });
    const attach = (digit: number) =>
      send("PUT", "/volumes/attach", { name: "s", attach_to: { uuid: fakeVm(digit).id }, at: "/x" });
    expect(await attach(2)).to.include({ status: "error", error: 11 });
    expect(await attach(1)).to.include({ status: "success" });
  });

  it("can ask for one volume an instance: error 15 for the second, however many ask at once", async () => {
    const send = await serve({ instanceMustBeStopped: false, oneVolumePerInstance: true });
    const names = ["o1", "o2", "o3"];
    for (const name of names) await send("POST", "/volumes", { name, size_mb: 8 });
    const items = await Promise.all(
      names.map((name) =>
        send("PUT", "/volumes/attach", { name, attach_to: { uuid: fakeVm(2).id }, at: "/x" }),
      ),
    );
    expect(items.filter((item) => item?.status === "success")).to.have.lengthOf(1);
    expect(items.filter((item) => item?.error === 15)).to.have.lengthOf(2);
  });
});

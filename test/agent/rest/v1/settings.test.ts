import { expect } from "chai";
import type { VolumesApiSettings } from "../../../../src/agent/rest/v1/settings.ts";
import { type EngineRig, engineRigs } from "../../../support/engine-rig.ts";
import { FakeHost, fakeVm } from "../../../support/fake-host.ts";
import { http } from "../../../support/http.ts";
import { restServers } from "../../../support/rest-server.ts";
import { type Item } from "./fixture.ts";

describe("volumes API v1: settings", () => {
  const serveRest = restServers();
  const newRig = engineRigs();
  let rig: EngineRig;
  before(async () => {
    rig = await newRig({ host: new FakeHost([{ ...fakeVm(1), state: "off" }, fakeVm(2)]) });
  });

  async function serve(volumesApi: VolumesApiSettings) {
    const { url } = await serveRest(rig.engine, { volumesApi });
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

import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../src/kit/sizes.ts";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { makeVolume, NAMES, testController, WRITER } from "../support/controller.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";

describe("controller ControllerGetVolume", () => {
  const controller = testController();
  const get = (volume_id: string) => controller.call.ControllerGetVolume({ volume_id });

  it("tells size, place and nodes", async () => {
    const volume_id = await makeVolume(controller, "known");
    const { volume, status } = await get(volume_id);
    expect(volume).to.deep.include({
      volume_id,
      capacity_bytes: String(8n * MiB),
      accessible_topology: [{ segments: { [NAMES.topologyKey]: "local" } }],
    });
    expect(status?.published_node_ids).to.deep.equal([]);
    const node_id = fakeVm(2).id;
    await controller.call.ControllerPublishVolume({ volume_id, node_id, volume_capability: WRITER });
    expect((await get(volume_id)).status?.published_node_ids).to.deep.equal([node_id]);
  });

  it("tells how it is, as CSI 1.12 has it", async () => {
    const volume_id = await makeVolume(controller, "sick");
    expect((await get(volume_id)).status?.volume_condition).to.deep.equal({
      abnormal: false,
      message: "nothing is wrong with the volume",
    });
    const pool = join(controller.directory, "pools/local");
    const [disk = ""] = (await readdir(pool)).filter((name) => name.startsWith("sick;"));
    await rm(join(pool, disk));
    const condition = (await get(volume_id)).status?.volume_condition;
    expect(condition?.abnormal).to.equal(true);
    expect(condition?.message).to.include("sick;");
  });

  it("answers a bare id with the whole handle", async () => {
    const handle = await makeVolume(controller, "bare");
    expect((await get(handle.slice("local/".length))).volume?.volume_id).to.equal(handle);
  });

  it("finds by id only", async () => {
    await makeVolume(controller, UNKNOWN);
    await expectFailure(get(`local/${UNKNOWN}`), "NOT_FOUND");
    await expectFailure(get(UNKNOWN), "NOT_FOUND");
    await expectFailure(get("known"), "NOT_FOUND");
  });

  it("says what is wrong with an id", async () => {
    await expectFailure(get(""), "INVALID_ARGUMENT", /volume_id is missing/);
    await expectFailure(get("x"), "NOT_FOUND", /"x"/);
    await expectFailure(get(`nosuch/${UNKNOWN}`), "UNAVAILABLE", /nosuch/);
  });
});

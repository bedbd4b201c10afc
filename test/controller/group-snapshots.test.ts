import { expect } from "chai";
import { csiClient } from "../../src/csi/client.ts";
import type { GroupControllerRpcs } from "../../src/csi/rpc.ts";
import { makeVolume, NAMES, testController, WRITER } from "../support/controller.ts";
import { expectFailure } from "../support/failure.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";

describe("group controller", () => {
  const controller = testController({ groups: ["east", "west"] });
  let client: ReturnType<typeof csiClient<GroupControllerRpcs>>;
  let sources: string[];
  let elsewhere: string;

  before(async () => {
    client = csiClient<GroupControllerRpcs>("GroupController", controller.socket);
    const make = async (name: string, group: string) =>
      (
        await controller.call.CreateVolume({
          name,
          volume_capabilities: [WRITER],
          capacity_range: { required_bytes: 8 * 2 ** 20 },
          accessibility_requirements: { requisite: [{ segments: { [NAMES.topologyKey]: group } }] },
        })
      ).volume!.volume_id;
    sources = [await make("a", "east"), await make("b", "east")];
    elsewhere = await make("c", "west");
  });
  after(() => {
    client.close();
  });

  const create = async (name: string, source_volume_ids: string[]) =>
    (await client.call.CreateVolumeGroupSnapshot({ name, source_volume_ids })).group_snapshot!;

  it("says what it can", async () => {
    expect((await client.call.GroupControllerGetCapabilities({})).capabilities).to.have.lengthOf(1);
  });

  it("cuts a snapshot of each volume, once", async () => {
    const group = await create("g1", sources);
    expect(group.ready_to_use).to.equal(true);
    expect(group.snapshots?.map(({ source_volume_id }) => source_volume_id).sort()).to.deep.equal(
      sources.toSorted(),
    );
    for (const { group_snapshot_id } of group.snapshots ?? [])
      expect(group_snapshot_id).to.equal(group.group_snapshot_id);
    expect(await create("g1", sources.toReversed())).to.deep.equal(group);
    const { group_snapshot_id = "" } = group;
    const snapshot_ids = group.snapshots!.map(({ snapshot_id = "" }) => snapshot_id);
    expect(
      (await client.call.GetVolumeGroupSnapshot({ group_snapshot_id, snapshot_ids })).group_snapshot,
    ).to.deep.equal(group);
    const [snapshot_id = ""] = snapshot_ids;
    await expectFailure(controller.call.DeleteSnapshot({ snapshot_id }), "FAILED_PRECONDITION", /group/);
    const restored = await controller.call.CreateVolume({
      name: "restored",
      volume_capabilities: [WRITER],
      volume_content_source: { snapshot: { snapshot_id } },
    });
    expect(restored.volume!.volume_id).to.match(/^east\//);
  });

  it("cuts all or none", async () => {
    await expectFailure(create("g2", [sources[0]!, `east/${UNKNOWN}`]), "NOT_FOUND", /./);
    await expectFailure(create("g2", [sources[0]!, elsewhere]), "INVALID_ARGUMENT", /different groups/);
    await expectFailure(create("g2", []), "INVALID_ARGUMENT", /source_volume_ids/);
    await expectFailure(create("", sources), "INVALID_ARGUMENT", /name/);
    const { entries } = await controller.call.ListSnapshots({});
    expect(entries, "those of g1").to.have.lengthOf(2);
    await expectFailure(create("g1", [sources[0]!]), "ALREADY_EXISTS", /./);
  });

  it("deletes a group with its snapshots, also when it is gone, and none that has others", async () => {
    const group = await create("g3", sources);
    const { group_snapshot_id = "" } = group;
    const other = [`east/${UNKNOWN}`];
    await expectFailure(
      client.call.DeleteVolumeGroupSnapshot({ group_snapshot_id, snapshot_ids: other }),
      "INVALID_ARGUMENT",
      /has other snapshots/,
    );
    const snapshot_ids = group.snapshots!.map(({ snapshot_id = "" }) => snapshot_id);
    for (let times = 0; times < 2; times++) {
      await client.call.DeleteVolumeGroupSnapshot({ group_snapshot_id, snapshot_ids });
    }
    await expectFailure(client.call.GetVolumeGroupSnapshot({ group_snapshot_id }), "NOT_FOUND", /./);
    for (const snapshot_id of snapshot_ids) {
      await expectFailure(controller.call.GetSnapshot({ snapshot_id }), "NOT_FOUND", /./);
    }
    await client.call.DeleteVolumeGroupSnapshot({ group_snapshot_id: "no handle" });
    expect(await makeVolume(controller, "later")).to.be.a("string");
  });
});

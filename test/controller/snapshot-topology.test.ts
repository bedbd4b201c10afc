import { expect } from "chai";
import { makeVolume, NAMES, testController } from "../support/controller.ts";
import { expectFailure } from "../support/failure.ts";

const inGroup = (group: string) => ({ segments: { [NAMES.topologyKey]: group } });

describe("controller snapshot topology", () => {
  const controller = testController({ groups: ["one", "two"] });
  const cut = (name: string, volume: string, accessibility_requirements = {}) =>
    controller.call.CreateSnapshot({ name, source_volume_id: volume, accessibility_requirements });

  it("is the source's group in every answer", async () => {
    const volume = await makeVolume(controller, "source");
    const group = volume.split("/")[0]!;
    const { snapshot } = await cut("plain", volume, { requisite: [inGroup("one"), inGroup("two")] });
    const { snapshot: found } = await controller.call.GetSnapshot({ snapshot_id: snapshot!.snapshot_id });
    const all = await controller.call.ListSnapshots({});
    const one = await controller.call.ListSnapshots({ snapshot_id: snapshot!.snapshot_id });
    const of = await controller.call.ListSnapshots({ source_volume_id: volume });
    for (const each of [
      snapshot,
      found,
      all.entries[0]?.snapshot,
      one.entries[0]?.snapshot,
      of.entries[0]?.snapshot,
    ]) {
      expect(each?.snapshot_id).to.equal(snapshot!.snapshot_id);
      expect(each?.accessible_topology).to.deep.equal([inGroup(group)]);
    }
  });

  it("is not repeated to a caller that named this one place, and is told of it afterwards", async () => {
    const volume = await makeVolume(controller, "one-place");
    const here = inGroup(volume.split("/")[0]!);
    for (let i = 0; i < 2; i++) {
      const { snapshot } = await cut("one-place", volume, { requisite: [here], preferred: [here] });
      expect(snapshot?.accessible_topology).to.deep.equal([]);
      const { snapshot: found } = await controller.call.GetSnapshot({ snapshot_id: snapshot!.snapshot_id });
      expect(found?.accessible_topology).to.deep.equal([here]);
    }
    const { snapshot: preferred } = await cut("preferred", volume, { preferred: [here] });
    expect(preferred?.accessible_topology).to.deep.equal([here]);
  });

  it("that leaves out the source's group is refused, and nothing is cut", async () => {
    const volume = await makeVolume(controller, "left-out");
    const other = volume.startsWith("one/") ? "two" : "one";
    for (const requirement of [{ requisite: [inGroup(other)] }, { preferred: [inGroup("nowhere")] }]) {
      await expectFailure(cut("no", volume, requirement), "RESOURCE_EXHAUSTED", /leaves out/);
    }
    expect((await controller.call.ListSnapshots({ source_volume_id: volume })).entries).to.deep.equal([]);
  });

  it("of other keys says nothing about groups", async () => {
    const volume = await makeVolume(controller, "others");
    const { snapshot } = await cut("other-keys", volume, { requisite: [{ segments: { zone: "a" } }] });
    expect(snapshot?.ready_to_use).to.equal(true);
  });
});

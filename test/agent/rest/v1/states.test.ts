import { expect } from "chai";
import { lookAround, stateOf, type Surroundings } from "../../../../src/agent/rest/v1/states.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { fakeVm } from "../../../support/fake-host.ts";
import { engineRigs, exactly, makeVolume, newVolume } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { until } from "../../../support/until.ts";

describe("volumes API v1: states", () => {
  const newRig = engineRigs();
  const address = { kind: "loop", backingFile: "" } as const;
  const on = (digit: number) => ({ vmId: fakeVm(digit).id, volumeId: "", readOnly: false, address });

  async function volumeAnd(change: Partial<Surroundings> = {}) {
    const rig = await newRig();
    const volume = await rig.engine.getVolume((await makeVolume(rig)).id, context());
    const vms = new Map([fakeVm(1), { ...fakeVm(2), state: "off" as const }].map((vm) => [vm.id, vm]));
    return { volume, around: { vms, busy: new Set<string>(), making: new Set<string>(), ...change } };
  }

  it("say where a volume is", async () => {
    const { volume, around } = await volumeAnd();
    expect(stateOf(volume, [], around)).to.equal("available");
    expect(stateOf(volume, [on(1)], around)).to.equal("mounted");
    expect(stateOf(volume, [on(2)], around)).to.equal("idle");
    expect(stateOf(volume, [on(2), on(1)], around)).to.equal("mounted");
    expect(stateOf(volume, [on(9)], around), "an instance that is gone runs nothing").to.equal("idle");
  });

  it("say that something is done with it, and before all that it can't be used", async () => {
    const { volume, around } = await volumeAnd();
    expect(stateOf(volume, [on(1)], { ...around, busy: new Set([volume.id]) })).to.equal("busy");
    expect(
      stateOf({ ...volume, fault: "gone" }, [on(1)], { ...around, busy: new Set([volume.id]) }),
    ).to.equal("error");
  });

  it("know what the engine is doing: an attach is none of it, a create and a copy are", async () => {
    const rig = await newRig();
    const { id } = await rig.engine.createVolume(newVolume("origin", exactly(8n * MiB)), context());
    const copy = rig.engine.createVolume(
      newVolume("copy", exactly(8n * MiB), { source: { kind: "volume", id } }),
      context(),
    );
    const { busy, making } = await lookAround(rig.engine, context());
    expect([[...busy], [...making]]).to.deep.equal([[id], ["copy"]]);
    await copy;
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    rig.host.gate = held.then(() => undefined);
    const attach = rig.engine.attach(rig.host.vms[0]!.id, id, false, undefined, context());
    await until(async () => (await rig.engine.listOperations(context())).length > 0, "the attach runs");
    expect([...(await lookAround(rig.engine, context())).busy]).to.deep.equal([]);
    release(undefined);
    await attach;
  });
});

import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { MiB } from "../../../../src/kit/sizes.ts";
import { withVm } from "../../../hyperv-sim/model.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { hypervRig } from "../../../support/hyperv-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("Hyper-V host: limits of volumes", () => {
  const rig = hypervRig({ workers: { deadlineMs: (op) => (op === "hello" ? 60_000 : 6000) } });
  const limits = async () => {
    const [drive] = (await rig.simulator.vm(rig.vmIds[0])).drives;
    return [drive?.minimumIops, drive?.maximumIops];
  };

  it("hold from the attach on, change while it is attached, and go together", async () => {
    const attributes = { maximumIops: "500" };
    const request = newVolume(randomUUID(), exactly(8n * MiB), { attributes });
    const { id } = await rig.engine.createVolume(request, context());
    const modify = (changed: Record<string, string>) =>
      rig.engine.modifyVolume(id, { attributes: changed, labels: {} }, context());
    await rig.engine.attach(rig.vmIds[0], id, false, undefined, context());
    expect(await limits()).to.deep.equal([0, 500]);
    await rig.simulator.fault({ op: "setQos", kind: "crash", when: "after" });
    await modify({ minimumIops: "100", maximumIops: "1000" });
    expect(await limits()).to.deep.equal([100, 1000]);
    await refused(modify({ minimumIops: "2000" }), "INVALID_ARGUMENT", "more than maximumIops");
    await refused(modify({ minimumIops: "-1" }), "INVALID_ARGUMENT", "minimumIops");
    expect(await limits()).to.deep.equal([100, 1000]);
    expect((await rig.engine.getVolume(id, context())).attributes["minimumIops"]).to.equal("100");
    await modify({ minimumIops: "0", maximumIops: "0" });
    expect(await limits()).to.deep.equal([0, 0]);
    await rig.engine.detach(rig.vmIds[0], id, context());
  });

  it("that contradict each other are refused by a create too, and nothing is made", async () => {
    const attributes = { minimumIops: "2000", maximumIops: "1000" };
    const name = randomUUID();
    const request = newVolume(name, exactly(8n * MiB), { attributes });
    await refused(rig.engine.createVolume(request, context()), "INVALID_ARGUMENT", "more than maximumIops");
    await refused(rig.engine.getVolume(name, context()), "NOT_FOUND");
    const unlimited = newVolume(name, exactly(8n * MiB), { attributes: { minimumIops: "2000" } });
    await rig.engine.createVolume(unlimited, context());
  });

  for (const fault of [undefined, "crash", "hang", "garbage"] as const) {
    it(`are set right by a repeated attach when somebody changed them${fault === undefined ? "" : `, after ${fault}, too`}`, async () => {
      const attributes = { maximumIops: "500" };
      const request = newVolume(randomUUID(), exactly(8n * MiB), { attributes });
      const { id } = await rig.engine.createVolume(request, context());
      const attach = () => rig.engine.attach(rig.vmIds[0], id, false, undefined, context());
      const first = await attach();
      await rig.simulator.change((state) =>
        withVm(state, rig.vmIds[0], (vm) => ({
          ...vm,
          drives: vm.drives.map((drive) => ({ ...drive, minimumIops: 7, maximumIops: 9 })),
        })),
      );
      if (fault !== undefined) await rig.simulator.fault({ op: "setQos", kind: fault, when: "before" });
      expect(await attach()).to.deep.equal(first);
      expect(await limits()).to.deep.equal([0, 500]);
      const before = rig.asked.length;
      expect(await attach()).to.deep.equal(first);
      expect(rig.asked.slice(before).filter((asked) => asked.startsWith("setQos"))).to.deep.equal([]);
      await rig.engine.detach(rig.vmIds[0], id, context());
    });
  }
});

import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { testCall } from "../../support/agent.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { operatorRig } from "../operator/program.ts";

describe("hyperv-csi volume attach and detach", () => {
  const rig = operatorRig();
  let id = "";
  before(async () => {
    ({ id } = await rig.agent.client.createVolume("db", { size: 8n * MiB }, testCall()));
  });
  afterEach(() => {
    rig.agent.host.attachments = [];
    rig.agent.host.inUse.clear();
  });
  const attached = () => rig.agent.host.attachments.map(({ vmId, readOnly }) => [vmId, readOnly]);

  it("name the VM by name or by id, in any case", async () => {
    for (const vm of ["vm-2", fakeVm(2).id, fakeVm(2).id.toUpperCase()]) {
      const said = await rig.output("volume", "attach", "db", vm);
      expect(said).to.match(new RegExp(`^db is attached to ${vm}: .*${id}\\.vhdx\\n$`));
      expect(attached()).to.deep.equal([[fakeVm(2).id, false]]);
      expect(await rig.output("volume", "detach", id, vm)).to.equal(`${id} is detached from ${vm}\n`);
      expect(attached()).to.deep.equal([]);
    }
  });

  it("attach for reading only", async () => {
    await rig.output("volume", "attach", "--read-only", "db", "vm-1");
    expect(attached()).to.deep.equal([[fakeVm(1).id, true]]);
  });

  it("succeed again", async () => {
    await rig.output("volume", "attach", "db", "vm-1");
    await rig.output("volume", "attach", "db", "vm-1");
    expect(attached()).to.have.lengthOf(1);
    await rig.output("volume", "detach", "db", "vm-1");
    await rig.output("volume", "detach", "db", "vm-1");
  });

  it("refuse a name that no VM has: nothing would be detached", async () => {
    await rig.output("volume", "attach", "db", "vm-1");
    for (const command of ["attach", "detach"]) {
      expect(await rig.run("volume", command, "db", "vm-11")).to.deep.equal({
        exitCode: 1,
        stdout: "",
        stderr: 'hyperv-csi volume: there is no VM "vm-11"; see hyperv-csi vm list\n',
      });
    }
    expect(attached()).to.have.lengthOf(1);
  });

  it("detach from a VM that is gone, by its id", async () => {
    expect(await rig.output("volume", "detach", "db", fakeVm(9).id)).to.match(/ is detached from /);
    const { exitCode, stderr } = await rig.run("volume", "attach", "db", fakeVm(9).id);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/does not exist/);
  });

  it("say who has a volume, and that it is in use", async () => {
    await rig.output("volume", "attach", "db", "vm-1");
    const taken = await rig.run("volume", "attach", "db", "vm-2");
    expect(taken.exitCode).to.equal(1);
    expect(taken.stderr).to.contain(`is attached to VM ${fakeVm(1).id}; detach it there first`);
    rig.agent.host.inUse.add(id);
    const used = await rig.run("volume", "detach", "db", "vm-1");
    expect(used).to.include({ exitCode: 1, stdout: "" });
    expect(used.stderr).to.match(/in use in its VM/);
  });
});

import { randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { declaredVm } from "../../../../src/agent/hosts/local/vms.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { exactly, newVolume } from "../../../support/engine-rig.ts";
import { context, localRig } from "../../../support/local-rig.ts";
import { startProcess } from "../../../support/own-processes.ts";
import { refused } from "../../../support/refused.ts";
import { until } from "../../../support/until.ts";

describe("local host: a VM that is on or off", () => {
  const ID = randomUUID();
  const lock = join(tmpdir(), `hyperv-csi-test-${ID}.lock`);
  const rig = localRig(undefined, [declaredVm(ID, "node", lock), declaredVm(randomUUID(), "other")]);
  after(() => rm(lock, { force: true }));
  const state = async () => (await rig.host.getVm(ID))?.state;

  /** What stands for the VM: a process that has the lock, with a child that it leaves behind. */
  async function boot() {
    const script = 'exec 9>"$1"; flock 9; sleep 600 >/dev/null 2>&1 & echo $!; echo up; wait';
    const vm = startProcess("sh", ["-c", script, "sh", lock]);
    await vm.says(/up/);
    return { vm, child: Number.parseInt(vm.output(), 10) };
  }

  it("is unknown without its lock file, off while nobody has it locked, and runs with the last process that has", async () => {
    expect(await state()).to.equal("other");
    await writeFile(lock, "");
    expect(await state()).to.equal("off");
    const { vm, child } = await boot();
    expect(await state()).to.equal("running");
    await vm.kill("SIGKILL");
    expect(await state(), "a process of it lives").to.equal("running");
    process.kill(child, "SIGKILL");
    await until(async () => (await state()) !== "running", "the last process to end");
    expect(await state()).to.equal("off");
    await rm(lock);
    expect(await state()).to.equal("other");
  });

  it("gives its disk away only when it is off, where that is asked for", async () => {
    const { id } = await rig.engine.createVolume(newVolume(randomUUID(), exactly(8n * MiB)), context());
    await rig.engine.attach(ID, id, false, undefined, context());
    await refused(rig.engine.detach(ID, id, context(), true), "FAILED_PRECONDITION", "not known to be off");
    const { vm, child } = await boot();
    await refused(rig.engine.detach(ID, id, context(), true), "FAILED_PRECONDITION", ID);
    process.kill(child, "SIGKILL");
    await vm.kill("SIGKILL");
    await until(async () => (await state()) !== "running", "the last process to end");
    expect(await rig.engine.attachmentsOf(id, context())).to.have.length(1);
    await rig.engine.detach(ID, id, context(), true);
    expect(await rig.engine.attachmentsOf(id, context())).to.deep.equal([]);
  });
});

import { existsSync } from "node:fs";
import { link, mkdir, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { expect } from "chai";
import { bindLoop, unbindLoop } from "../../src/agent/hosts/local/losetup.ts";
import { inspectVhdx } from "../../src/vhdx/index.ts";
import { loopAt } from "../support/device-bytes.ts";
import { expectFailure } from "../support/failure.ts";
import { context, linkOf, localRig } from "../support/local-rig.ts";
import { servedEngines } from "./support/served-engine.ts";
import { idIn, type Volumes } from "./support/volumes.ts";

describe("what the controller tells of a local host on which somebody else is at work", () => {
  const serve = servedEngines();
  const rig = localRig();
  const [one, two] = rig.vms.map(({ id }) => id) as [string, string];
  let volumes: Volumes;
  before(async () => {
    volumes = await serve(rig.engine);
  });

  /** Lets a volume's device go, and nothing else of the attachment. */
  async function pullOut(handle: string, vmId: string): Promise<void> {
    const loop = loopAt({ kind: "loop", backingFile: linkOf(rig, vmId, idIn(handle)) });
    await unbindLoop(loop, context().signal);
  }

  /** Attaches a volume as the driver does, without it. */
  async function plugIn(handle: string, vmId: string): Promise<void> {
    const { path } = await rig.engine.getVolume(idIn(handle), context());
    const { payloadOffset: offset = 0n, virtualSize: size } = await inspectVhdx(path);
    const own = linkOf(rig, vmId, idIn(handle));
    await mkdir(dirname(own), { recursive: true });
    await link(path, own);
    await bindLoop(own, { offset, size, endsFile: true }, false, context().signal);
  }

  it("is what the kernel has: attached and detached behind its back, on two VMs", async () => {
    const [pulled, kept, plugged] = [await volumes.make(), await volumes.make(), await volumes.make()];
    await volumes.publish(pulled, one);
    await volumes.publish(kept, two);
    const before = { [pulled]: [one], [kept]: [two], [plugged]: [] };
    expect(await volumes.listed()).to.deep.equal(before);

    await pullOut(pulled, one);
    await plugIn(plugged, two);
    const after = { [pulled]: [], [kept]: [two], [plugged]: [two] };
    expect(await volumes.listed()).to.deep.equal(after);
    for (const [handle, nodes] of Object.entries(after)) {
      expect(await volumes.nodesOf(handle)).to.deep.equal(nodes);
    }

    // What is decided follows that, too.
    await volumes.publish(pulled, two);
    await expectFailure(volumes.publish(plugged, one), "FAILED_PRECONDITION", new RegExp(two));
    await volumes.unpublish(plugged, two);
    await volumes.publish(plugged, one);
    expect(await volumes.listed()).to.deep.equal({ [pulled]: [two], [kept]: [two], [plugged]: [one] });
  });

  it("attaches again what was told to be attached and is not", async () => {
    const handle = await volumes.make();
    const first = await volumes.publish(handle, one);
    await pullOut(handle, one);
    expect(await volumes.publish(handle, one)).to.deep.equal(first);
    expect(await volumes.nodesOf(handle)).to.deep.equal([one]);
    const { size } = loopAt({ kind: "loop", backingFile: linkOf(rig, one, idIn(handle)) });
    expect(size).to.equal(8n << 20n);
  });

  it("is detached once the device is gone, with what is left of it", async () => {
    const handle = await volumes.make();
    await volumes.publish(handle, one);
    await pullOut(handle, one);
    const own = linkOf(rig, one, idIn(handle));
    expect(existsSync(own), "the VM's link stays until somebody looks").to.equal(true);
    for (let again = 0; again < 2; again++) await volumes.unpublish(handle, one);
    await unlink(own).catch(() => undefined);
    expect(await volumes.nodesOf(handle)).to.deep.equal([]);
    await volumes.publish(handle, two);
    expect(await volumes.nodesOf(handle)).to.deep.equal([two]);
  });
});

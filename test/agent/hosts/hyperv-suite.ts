import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { Attachment, DiskFile, Host } from "../../../src/agent/hosts/host.ts";
import { loopOf } from "../../hyperv-sim/guest.ts";
import { OFF, RUNNING, withVm } from "../../hyperv-sim/model.ts";
import { readBytes, writeBytes } from "../../support/device-bytes.ts";
import { newVolume } from "../../support/engine-rig.ts";
import type { HypervRig } from "../../support/hyperv-rig.ts";
import { context } from "../../support/local-rig.ts";
import { startProcess } from "../../support/own-processes.ts";
import { refused } from "../../support/refused.ts";
import { hostSuite } from "./host-suite.ts";

/** The suite of all hosts, for one whose disks are those of a simulated Hyper-V. */
export function hypervSuite(rig: HypervRig, attachesReadOnly: boolean): void {
  async function deviceOf({ volumeId, vmId }: Attachment) {
    const { drives } = await rig.simulator.vm(vmId);
    const loop = loopOf(drives.find(({ path }) => path.includes(volumeId))?.path ?? "");
    if (loop === undefined) throw new Error(`the VM has no disk of ${volumeId}`);
    return loop;
  }

  hostSuite({
    attachesReadOnly,
    get host(): Host {
      return rig.host;
    },
    get vmIds(): readonly [string, string] {
      return rig.vmIds;
    },
    newDisk: async (size): Promise<DiskFile> => {
      const range = { required: size, limit: undefined };
      const { id, path } = await rig.engine.createVolume(newVolume(randomUUID(), range), context());
      return { volumeId: id, path };
    },
    guest: {
      read: async (attachment, offset, length) =>
        readBytes((await deviceOf(attachment)).device, offset, length),
      write: async (attachment, offset, bytes) => {
        await writeBytes((await deviceOf(attachment)).device, offset, bytes);
      },
      size: async (attachment) => (await deviceOf(attachment)).size,
      hold: async (attachment) => {
        const { device } = await deviceOf(attachment);
        const holder = startProcess("sh", ["-c", 'exec 3<"$1"; echo held; exec sleep 600', "sh", device]);
        await holder.says(/held/);
        return async () => {
          await holder.kill("SIGKILL");
        };
      },
    },
  });

  it("takes a disk that is to be taken only from a VM that is off when it is, and at no other time", async () => {
    const vmId = rig.vmIds[0];
    const put = (state: number) =>
      rig.simulator.change((before) => withVm(before, vmId, (vm) => ({ ...vm, state })));
    const size = { required: 8n * 2n ** 20n, limit: undefined };
    const { id } = await rig.engine.createVolume(newVolume(randomUUID(), size), context());
    await rig.engine.attach(vmId, id, false, undefined, context());
    try {
      // Saved, paused, starting, stopping, unknown: memory that may still write, or nobody knows.
      for (const state of [RUNNING, 6, 9, 10, 4, 32769, 0]) {
        await put(state);
        expect((await rig.engine.getVm(vmId, context())).state).to.equal(
          state === RUNNING ? "running" : "other",
        );
        await refused(
          rig.engine.detach(vmId, id, context(), true),
          "FAILED_PRECONDITION",
          "not known to be off",
        );
      }
      await put(OFF);
      expect((await rig.engine.getVm(vmId, context())).state).to.equal("off");
      expect(await rig.engine.attachmentsOf(id, context())).to.have.length(1);
      await rig.engine.detach(vmId, id, context(), true);
      expect(await rig.engine.attachmentsOf(id, context())).to.deep.equal([]);
    } finally {
      await put(RUNNING);
    }
  });
}

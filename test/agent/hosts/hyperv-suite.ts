import { randomUUID } from "node:crypto";
import type { Attachment, DiskFile, Host } from "../../../src/agent/hosts/host.ts";
import { loopOf } from "../../hyperv-sim/guest.ts";
import { readBytes, writeBytes } from "../../support/device-bytes.ts";
import { newVolume } from "../../support/engine-rig.ts";
import type { HypervRig } from "../../support/hyperv-rig.ts";
import { context } from "../../support/local-rig.ts";
import { startProcess } from "../../support/own-processes.ts";
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
}

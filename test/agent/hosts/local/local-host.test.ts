import { randomUUID } from "node:crypto";
import { newVolume } from "../../../support/engine-rig.ts";
import { context, localRig } from "../../../support/local-rig.ts";
import { loopAt, readBytes, writeBytes } from "../../../support/device-bytes.ts";
import { startProcess } from "../../../support/own-processes.ts";
import { hostSuite } from "../host-suite.ts";

describe("local host", () => {
  const local = localRig();
  hostSuite({
    attachesReadOnly: true,
    get host() {
      return local.host;
    },
    vmIds: [local.vms[0].id, local.vms[1].id],
    newDisk: async (size) => {
      const range = { required: size, limit: undefined };
      const { id, path } = await local.engine.createVolume(newVolume(randomUUID(), range), context());
      return { volumeId: id, path };
    },
    guest: {
      read: ({ address }, offset, length) => readBytes(loopAt(address).device, offset, length),
      write: ({ address }, offset, bytes) => writeBytes(loopAt(address).device, offset, bytes),
      size: ({ address }) => Promise.resolve(loopAt(address).size),
      hold: async ({ address }) => {
        const holder = startProcess("sh", [
          "-c",
          'exec 3<"$1"; echo held; exec sleep 600',
          "sh",
          loopAt(address).device,
        ]);
        await holder.says(/held/);
        return async () => {
          await holder.kill("SIGKILL");
        };
      },
    },
  });
});

import { readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { expect } from "chai";
import {
  blockDevicesByCall,
  blockDevicesByProgram,
  type BlockDevicesAt,
} from "../../src/kit/block-device-at.ts";
import { run } from "../../src/kit/run.ts";
import { mountHung } from "../support/hung-file-system.ts";
import { needsLoopDevices } from "../support/needs-loop-devices.ts";
import { startProcess } from "../support/own-processes.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

const byCall: BlockDevicesAt = (paths) => {
  const call = blockDevicesByCall();
  if (call === undefined) throw new Error("koffi is missing");
  return call(paths);
};

for (const [way, blockDevicesAt] of [
  ["statx", byCall],
  ["stat", blockDevicesByProgram],
] as const) {
  describe(`the block devices that paths lead to, by ${way}`, () => {
    const path = scratchDirectory();
    before(needsLoopDevices);

    async function loop(name: string): Promise<{ device: string; number: string }> {
      await writeFile(path(name), "");
      await truncate(path(name), 1024 * 1024);
      const device = await run("losetup", ["--find", "--show", path(name)]);
      const number = (await readFile(device.replace("/dev", "/sys/block") + "/dev", "utf8")).trim();
      return { device, number };
    }

    it("are told by number, under whatever name, and nothing else is", async () => {
      const { device, number } = await loop("a.img");
      const odd = path("odd name\n61b0 1 2 ");
      await run("mknod", [odd, "b", ...number.split(":")]);
      await symlink(device, path("link"));
      const paths = [path(), device, "/dev/null", odd, path("a.img"), path("absent"), path("link")];
      expect(await blockDevicesAt(paths)).to.deep.equal([
        undefined,
        number,
        undefined,
        number,
        undefined,
        undefined,
        number,
      ]);
      expect(await blockDevicesAt([])).to.deep.equal([]);
    });

    it("are told of a node that was deleted while a process has it open", async () => {
      const { number } = await loop("b.img");
      await run("mknod", [path("node"), "b", ...number.split(":")]);
      const holder = startProcess("sh", ["-c", 'exec 7<"$1"; echo held; exec sleep 600', "sh", path("node")]);
      await holder.says(/held/);
      await rm(path("node"));
      expect(await blockDevicesAt([`/proc/${holder.pid}/fd/7`])).to.deep.equal([number]);
      await holder.kill("SIGKILL");
      expect(await blockDevicesAt([`/proc/${holder.pid}/fd/7`])).to.deep.equal([undefined]);
    });

    it("are told of thousands at once", async () => {
      const { device, number } = await loop("c.img");
      const paths = [...Array.from({ length: 2500 }, (_none, at) => path(`absent-${at}`)), device];
      const found = await blockDevicesAt(paths);
      expect(found).to.have.length(paths.length);
      expect(found.indexOf(number)).to.equal(2500);
      expect(found.filter((each) => each !== undefined)).to.have.length(1);
    });

    it("are told while a file system hangs that one of them leads to", async () => {
      const { device, number } = await loop("d.img");
      const hung = await mountHung(path("hung"));
      try {
        expect(await blockDevicesAt([path("hung"), device])).to.deep.equal([undefined, number]);
      } finally {
        hung.release();
        await run("umount", ["--lazy", path("hung")]);
      }
    });
  });
}

import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { basename, join } from "node:path";
import { linuxGuest } from "../../src/node/linux/linux-guest.ts";
import { run } from "../../src/kit/run.ts";
import { systemRoots, thisVm } from "../../src/node/linux/this-vm.ts";
import { UsageReader } from "../../src/node/linux/usage.ts";
import { mountHung, type HungFileSystem } from "../support/hung-file-system.ts";
import { NodeRig, nodeRig, type AttachedVolume } from "../support/node-rig.ts";
import { refused } from "../support/refused.ts";
import { until } from "../support/until.ts";

describe("what hangs on a node", () => {
  const node = nodeRig();

  /**
   * Puts a program before the real one on the search path, which waits at a gate when it is used on one device or
   * path, then becomes the real one. Returns what opens the gate and takes the program away.
   */
  async function slow(
    program: string,
    argument: string,
  ): Promise<{ started: string; open: () => Promise<void> }> {
    const directory = node.local.path(`slow-${program}`);
    await mkdir(directory);
    const [gate, started] = [`${directory}/gate`, `${directory}/started`];
    await run("mkfifo", [gate]);
    const real = await run("sh", ["-c", 'command -v "$1"', "sh", program]);
    const script = `#!/bin/sh\nfor last; do :; done\nif [ "$last" = "${argument}" ]; then echo > ${started}; read x < ${gate}; fi\nexec ${real} "$@"\n`;
    await writeFile(`${directory}/${program}`, script);
    await chmod(`${directory}/${program}`, 0o755);
    const searchPath = process.env["PATH"] ?? "";
    process.env["PATH"] = `${directory}:${searchPath}`;
    return {
      started,
      open: async () => {
        process.env["PATH"] = searchPath;
        await writeFile(gate, "\n");
      },
    };
  }

  const hasStarted = (started: string) =>
    until(
      () =>
        readFile(started).then(
          () => true,
          () => false,
        ),
      "the slow program runs",
    );

  it("a mkfs: a repeated call is ABORTED at once, other volumes go on, and the first call succeeds", async () => {
    const [volume, other] = [await node.volume(), await node.volume()];
    const mkfs = await slow("mkfs.ext4", volume.device);
    const first = node.stage(volume);
    await hasStarted(mkfs.started);
    await refused(node.stage(volume), "ABORTED", "NodeStageVolume is running");
    await refused(node.unstage(volume), "ABORTED", "NodeStageVolume is running");
    await node.stage(other);
    await mkfs.open();
    await first;
    await node.stage(volume);
    await node.unstage(volume);
  });

  it("an umount: its own volume is ABORTED, others are staged, published and unstaged", async () => {
    const [volume, other] = [await node.volume(), await node.volume()];
    await node.stage(volume);
    const umount = await slow("umount", volume.staging);
    const first = node.unstage(volume);
    await hasStarted(umount.started);
    await refused(node.unstage(volume), "ABORTED", "NodeUnstageVolume is running");
    await node.stage(other);
    await node.publish(other);
    expect((await node.stats(volume, volume.staging)).bytes?.total, "stats take no lock").to.be.above(0);
    await node.unpublish(other);
    await node.unstage(other);
    await umount.open();
    await first;
  });

  it("a file system: who asks for its numbers gives up, and no thread is lost, however often it is asked", async () => {
    const [path, volume] = [node.local.path("hung"), await node.volume()];
    await node.stage(volume);
    const hung: HungFileSystem = await mountHung(path);
    try {
      const reader = new UsageReader();
      // More than this process has threads, all at once; one child asks for all of them.
      const asks = Array.from({ length: 64 }, () => reader.usageOf(path, 50));
      for (const ask of asks) await refused(ask, "UNAVAILABLE", "does not answer");
      expect((await reader.usageOf(volume.staging)).bytes.total > 0n).to.equal(true);
      await node.publish(volume);
      await node.unpublish(volume);
    } finally {
      hung.release();
      await run("umount", ["--lazy", path]);
    }
  });

  describe("a volume's file system", () => {
    let hung: HungFileSystem;
    let path: string;
    before(async () => {
      path = node.local.path("hung-volume");
      hung = await mountHung(path);
    });
    after(async () => {
      hung.release();
      await run("umount", ["--lazy", path]);
    });

    /** A node whose mount table has a file system that hangs as that of a volume, whole or a folder of it. */
    async function nodeWithHung(volume: AttachedVolume, root: string): Promise<NodeRig> {
      const proc = node.local.path(`proc-${basename(volume.device)}`);
      await mkdir(join(proc, "self"), { recursive: true });
      const number = (await readFile(`/sys/class/block/${basename(volume.device)}/dev`, "utf8")).trim();
      const line = `99 1 ${number} ${root} ${path} rw - ext4 ${volume.device} rw\n`;
      await writeFile(
        join(proc, "self", "mountinfo"),
        (await readFile("/proc/self/mountinfo", "utf8")) + line,
      );
      return new NodeRig(node.local, linuxGuest(thisVm(node.local.vms[0].id, { ...systemRoots, proc })));
    }

    for (const root of ["/", "/folder"]) {
      it(`mounted from ${root}: its health says so soon, and no thread is lost, however often it is asked`, async () => {
        const [volume, sound] = [await node.volume(), await node.volume()];
        await node.stage(sound);
        const sick = await nodeWithHung(volume, root);
        const asks = await Promise.all(Array.from({ length: 16 }, () => sick.health(volume, path, "")));
        for (const found of asks) {
          expect(found.map(({ status, reason }) => [status, reason])).to.deep.equal([
            ["INACCESSIBLE", "FileSystemHangs"],
          ]);
        }
        expect(asks[0]?.[0]?.message).to.include(path);
        expect(await sick.health(sound, undefined, "")).to.deep.equal([]);
        await node.unstage(sound);
      });
    }
  });
});

import { mkdir, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { readMountTable } from "../../../src/kit/mount-table.ts";
import { run } from "../../../src/kit/run.ts";
import { libmountCall, type MountCall, type MountRequest } from "../../../src/node/linux/libmount.ts";
import { mountBy, mountProgram } from "../../../src/node/linux/mount-call.ts";
import { needsLoopDevices } from "../../support/needs-loop-devices.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";
import { until } from "../../support/until.ts";

const MiB = 1024 * 1024;

describe("a mount of a disk", () => {
  const path = scratchDirectory();
  const library = libmountCall();
  const devices: Record<string, string> = {};

  async function diskWith(image: string, make: string, mib: number): Promise<string> {
    await writeFile(image, "");
    await truncate(image, mib * MiB);
    await run(make, ["-q", image]);
    return await run("losetup", ["--find", "--show", image]);
  }

  before(async function () {
    await needsLoopDevices.call(this);
    if (library === undefined) {
      if (process.env["CI"]) throw new Error("koffi or libmount.so.1 is missing");
      console.log("      skipped: koffi or libmount.so.1 is missing");
      this.skip();
    }
    for (const [fsType, mib] of [
      ["ext4", 16],
      ["xfs", 320],
      ["btrfs", 128],
    ] as const) {
      devices[fsType] = await diskWith(path(fsType), `mkfs.${fsType}`, mib);
    }
    await mkdir(path("mnt"));
  });

  const mountPoint = () => path("mnt");
  const request = (fsType: string, options: readonly string[] = []): MountRequest => ({
    device: devices[fsType] ?? "",
    path: mountPoint(),
    fsType,
    options,
  });
  const mountAt = async (place: string) =>
    (await readMountTable()).find((mount) => mount.mountPoint === place);

  /** The mount that comes of it, but for its numbers, which are new each time. */
  async function mounted(call: MountCall, wanted: MountRequest) {
    expect(await call(wanted)).to.deep.equal({ exitCode: 0, stdout: "", stderr: "" });
    const mount = await mountAt(mountPoint());
    await run("umount", [mountPoint()]);
    return { ...mount, id: 0, device: "" };
  }

  const wishes: readonly [fsType: string, options: string[], ofMount: string[], ofFileSystem: string[]][] = [
    ["ext4", [], ["rw"], ["rw"]],
    ["ext4", ["ro"], ["ro"], ["ro"]],
    ["ext4", ["ro", "rw"], ["rw"], ["rw"]],
    ["ext4", ["noatime", "nodev", "nosuid", "noexec"], ["noatime", "nodev", "nosuid", "noexec"], ["rw"]],
    ["ext4", ["discard", "errors=remount-ro", "sync"], ["rw"], ["sync", "discard", "errors=remount-ro"]],
    ["ext4", ['context="system_u:object_r:container_file_t:s0:c1,c2"', "noatime"], ["noatime"], ["rw"]],
    ["ext4", ["_netdev", "nofail", "x-of.ours=1"], ["rw"], ["rw"]],
    ["xfs", ["nouuid", "noatime"], ["noatime"], ["nouuid"]],
    ["xfs", ["nouuid", "ro", "norecovery"], ["ro"], ["norecovery"]],
    ["btrfs", ["compress=zstd:3", "ro"], ["ro"], ["ro", "compress=zstd:3"]],
  ];
  for (const [fsType, options, ofMount, ofFileSystem] of wishes) {
    it(`of ${fsType} with ${options.join(",") || "no option"} is what the program makes it`, async () => {
      const byProgram = await mounted(mountProgram, request(fsType, options));
      const byLibrary = await mounted(library ?? mountProgram, request(fsType, options));
      expect(byLibrary).to.deep.equal(byProgram);
      expect(byLibrary.fsType).to.equal(fsType);
      expect(byLibrary.options).to.include.members(ofMount);
      expect(byLibrary.superOptions).to.include.members(ofFileSystem);
    });
  }

  const refusals: readonly [what: string, wanted: () => MountRequest, says: string][] = [
    ["with an option that there is not", () => request("ext4", ["no-such-option"]), "bad option"],
    ["of another file system", () => ({ ...request("ext4"), fsType: "xfs" }), "bad superblock"],
    ["of no device", () => ({ ...request("ext4"), device: path("absent") }), "does not exist"],
    ["of what is no device", () => ({ ...request("ext4"), device: "/dev/null" }), "not a block device"],
    ["on no directory", () => ({ ...request("ext4"), path: path("absent") }), "mount point does not exist"],
    ["on a file", () => ({ ...request("ext4"), path: path("ext4") }), "not a directory"],
  ];
  for (const [what, wanted, says] of refusals) {
    it(`${what} is refused as the program does, and leaves no file open`, async () => {
      const byProgram = await mountProgram(wanted());
      const before = (await readdir("/proc/self/fd")).length;
      const byLibrary = await library?.(wanted());
      expect((await readdir("/proc/self/fd")).length).to.be.at.most(before);
      expect(byLibrary?.exitCode).to.equal(byProgram.exitCode).and.to.be.above(0);
      expect(byLibrary?.stderr).to.include(says);
      const [first = ""] = byProgram.stderr.split("\n");
      expect(byLibrary?.stderr.split("; dmesg")[0]).to.equal(first.replace(/\.$/, ""));
      expect(await mountAt(mountPoint())).to.equal(undefined);
    });
  }

  it("is the program's where the library is missing", () => {
    expect(mountBy(undefined, mountProgram, 8)).to.equal(mountProgram);
  });

  it("that hangs in the kernel keeps its thread alone: when enough do, the program mounts what comes", async () => {
    const below = await diskWith(path("below"), "mkfs.ext4", 64);
    await mkdir(path("fs"));
    await run("mount", [below, path("fs")]);
    const hung = {
      ...request("ext4"),
      device: await diskWith(path("fs", "image"), "mkfs.ext4", 16),
      path: path("hung"),
    };
    await mkdir(hung.path);
    const asked: string[] = [];
    const mount = mountBy(
      library,
      (wanted) => {
        asked.push(wanted.device);
        return mountProgram(wanted);
      },
      1,
    );
    // A writable mount writes to its disk, which lies on what takes no write now.
    await run("fsfreeze", ["--freeze", path("fs")]);
    let first: Promise<unknown>;
    let isOver = false;
    try {
      first = mount(hung).finally(() => {
        isOver = true;
      });
      await until(hangs, "the mount hangs");
      expect(await mount(request("xfs"))).to.include({ exitCode: 0 });
      expect(asked).to.deep.equal([devices["xfs"]]);
      expect(isOver).to.equal(false);
    } finally {
      await run("fsfreeze", ["--unfreeze", path("fs")]);
    }
    expect(await first).to.include({ exitCode: 0 });
    await run("umount", [mountPoint()]);
    expect(await mount(request("btrfs"))).to.include({ exitCode: 0 });
    expect(asked).to.have.lengthOf(1);
    await run("umount", [mountPoint()]);
  });
});

/** True when one of this process's threads waits in the kernel, for longer than a disk takes, and can't be interrupted. */
async function hangs(): Promise<boolean> {
  const waiting = await uninterruptible();
  await setTimeout(100);
  const still = await uninterruptible();
  return waiting.some((thread) => still.includes(thread));
}

async function uninterruptible(): Promise<string[]> {
  const threads = await readdir("/proc/self/task");
  const stats = await Promise.all(
    threads.map((thread) => readFile(`/proc/self/task/${thread}/stat`, "utf8").catch(() => "")),
  );
  // The state stands behind the name, which is in parentheses.
  return threads.filter((_, index) => /\) D [^)]*$/.test(stats[index] ?? ""));
}

import { execFileSync } from "node:child_process";
import { open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { lockFile } from "../../../src/kit/file-lock.ts";
import { needsLoopDevices } from "../../support/needs-loop-devices.ts";
import { diskWith, writeRandom } from "../../vhdx/support/disks.ts";
import { headers, regionTables, spoil } from "../../vhdx/support/images.ts";
import { MemoryFile } from "../../vhdx/support/memory-file.ts";
import { temporaryDirectory } from "../../vhdx/support/temp.ts";
import { startVhdx, vhdx } from "./run-vhdx.ts";

describe("hyperv-csi vhdx", function () {
  this.timeout(300_000);
  const path = temporaryDirectory();
  const json = (text: string) => JSON.parse(text) as Record<string, unknown>;

  before(async () => {
    await diskWith(path("disk.vhdx"), [
      [0, 4096],
      [3 << 20, 1 << 20],
    ]);
  });

  it("creates disks and tells what they are", async () => {
    const made = await vhdx("create", "--size", "2GiB", "--block-size", "1M", path("new.vhdx"));
    expect(made).to.include({ exitCode: 0, stderr: "" });
    expect(made.stdout).to.match(/created .*new\.vhdx: dynamic, 2 GiB, [\da-f-]{36}/);
    const info = await vhdx("info", path("new.vhdx"));
    expect(info.stdout).to.match(/virtual size: +2 GiB \(2147483648 bytes\)/);
    expect(info.stdout).to.match(/SCSI page 83: +60022480[\da-f]{24}/);
    const child = await vhdx("create", "--parent", path("new.vhdx"), "--json", path("child.avhdx"));
    expect(json(child.stdout)).to.include({ type: "differencing", virtualSize: 2 ** 31 });
    const facts = json((await vhdx("info", "--json", path("child.avhdx"))).stdout);
    expect(facts).to.include({ file: path("child.avhdx"), blockSize: 2 << 20, logReplayPending: false });
    expect(facts["parentLocator"]).to.have.property("relativePath", ".\\new.vhdx");
    const fixed = await vhdx(
      "create",
      "--type",
      "fixed",
      "--sector-size",
      "4096",
      "--size",
      "3M",
      path("fixed.vhdx"),
    );
    expect(fixed.exitCode).to.equal(0);
    expect(json((await vhdx("info", "--json", path("fixed.vhdx"))).stdout)).to.include({
      type: "fixed",
      logicalSectorSize: 4096,
      payloadOffset: 4 << 20,
    });
  });

  it("resizes, and refuses a size that would lose data", async () => {
    await vhdx("clone", path("disk.vhdx"), path("sized.vhdx"));
    const grown = await vhdx("resize", path("sized.vhdx"), "20M");
    expect(grown).to.include({ exitCode: 0, stderr: "" });
    expect(grown.stdout).to.contain("has 20 MiB (20971520 bytes)");
    const told = await vhdx("resize", "--json", path("sized.vhdx"), "21M");
    expect(json(told.stdout)).to.include({ file: path("sized.vhdx"), virtualSize: 21 << 20 });
    const refused = await vhdx("resize", path("sized.vhdx"), "2M");
    expect(refused.exitCode).to.equal(1);
    expect(refused.stderr).to.match(/there is data at byte \d+/);
  });

  it("maps, clones and compares", async () => {
    const map = JSON.parse((await vhdx("map", "--json", path("disk.vhdx"))).stdout) as unknown[];
    expect(map).to.deep.equal([
      { offset: 0, length: 4096, depth: 0, fileOffset: 4 << 20 },
      { offset: 3 << 20, length: 1 << 20, depth: 0, fileOffset: 5 << 20 },
    ]);
    expect((await vhdx("map", path("disk.vhdx"))).stdout.split("\n")).to.have.length(3);
    const clone = await vhdx("clone", "--json", path("disk.vhdx"), path("clone.vhdx"));
    expect(json(clone.stdout)).to.include({ method: "copy", type: "dynamic" });
    expect(await vhdx("diff", "--json", path("disk.vhdx"), path("clone.vhdx"))).to.include({
      exitCode: 0,
      stdout: "[]",
    });
    await writeRandom(path("clone.vhdx"), [[512, 512]]);
    const differs = await vhdx("diff", "--json", path("disk.vhdx"), path("clone.vhdx"));
    expect(differs.exitCode).to.equal(1);
    expect(JSON.parse(differs.stdout)).to.deep.equal([{ offset: 512, length: 512 }]);
    const blocks = await vhdx("diff", "--grain", "block", path("disk.vhdx"), path("clone.vhdx"));
    expect(blocks.stdout.trim().split(/ +/)).to.deep.equal(["0", "1048576"]);
    expect((await vhdx("diff", path("disk.vhdx"), path("missing.vhdx"))).exitCode).to.equal(2);
  });

  it("converts, and never guesses that a file is raw", async () => {
    expect(await vhdx("convert", "--to", "raw", path("disk.vhdx"), path("disk.raw"))).to.include({
      exitCode: 0,
    });
    const guess = await vhdx("convert", "--to", "dynamic", path("disk.raw"), path("back.vhdx"));
    expect(guess.exitCode).to.equal(1);
    expect(guess.stderr).to.contain("--from raw");
    const back = await vhdx(
      "convert",
      "--from",
      "raw",
      "--to",
      "dynamic",
      path("disk.raw"),
      path("back.vhdx"),
    );
    expect(back.exitCode).to.equal(0);
    expect((await vhdx("diff", path("disk.vhdx"), path("back.vhdx"))).exitCode).to.equal(0);
  });

  it("compacts", async () => {
    const { stdout, exitCode } = await vhdx("compact", "--json", path("back.vhdx"));
    expect(exitCode).to.equal(0);
    expect(json(stdout)).to.include({ blocksFreed: 0, blocksMoved: 0 });
  });

  it("checks and repairs, with exit codes for warnings and errors", async () => {
    expect(await vhdx("check", path("disk.vhdx"))).to.include({ exitCode: 0 });
    const file = await MemoryFile.load(path("disk.vhdx"), 16 << 20);
    spoil(file, headers[0]!);
    await file.save(path("damaged.vhdx"));
    const warned = await vhdx("check", path("damaged.vhdx"));
    expect(warned.exitCode).to.equal(3);
    expect(warned.stdout).to.match(/warning +header 1 +65536 +is not valid \(repairable\)/);
    const repaired = await vhdx("check", "--repair", "--json", path("damaged.vhdx"));
    expect(repaired.exitCode).to.equal(0);
    expect(json(repaired.stdout)["repaired"]).to.have.length(1);
    regionTables.forEach((table) => {
      spoil(file, table);
    });
    await file.save(path("damaged.vhdx"));
    const broken = await vhdx("check", "--json", path("damaged.vhdx"));
    expect(broken.exitCode).to.equal(4);
    expect(json(broken.stdout)).to.include({ isClean: false });
  });

  it("never writes over a file", async () => {
    await writeFile(path("precious"), "precious");
    for (const args of [
      ["create", "--size", "1G", path("precious")],
      ["clone", path("disk.vhdx"), path("precious")],
      ["convert", "--to", "raw", path("disk.vhdx"), path("precious")],
    ]) {
      const { exitCode, stderr } = await vhdx(...args);
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/precious: there is such a file already/);
    }
    expect(await readFile(path("precious"), "utf8")).to.equal("precious");
  });

  const misuses: readonly (readonly string[])[] = [
    ["create", "x.vhdx"],
    ["create", "--size", "10X", "x.vhdx"],
    ["create", "--size", "0", "x.vhdx"],
    ["create", "--type", "differencing", "--size", "1G", "x.vhdx"],
    ["resize", "x.vhdx"],
    ["convert", "a", "b"],
    ["diff", "a"],
    ["info", "--colour", "x.vhdx"],
    ["shrink", "x.vhdx"],
  ];
  for (const args of misuses) {
    it(`says what is wrong with "${args.join(" ")}"`, async () => {
      const { exitCode, stderr, stdout } = await vhdx(...args);
      expect(exitCode).to.equal(2);
      expect(stderr).to.match(/^error: /);
      expect(stdout).to.equal("");
    });
  }

  it("names a missing file, and a value the format does not have", async () => {
    const missing = await vhdx("info", path("missing.vhdx"));
    expect(missing).to.include({ exitCode: 1 });
    expect(missing.stderr).to.match(/missing\.vhdx: there is no such file$/);
    const block = await vhdx("create", "--size", "1G", "--block-size", "3M", path("x.vhdx"));
    expect(block.stderr).to.match(/block of 3145728 bytes is out of range/);
  });

  it("has help with examples for every command", async () => {
    const commands = ["info", "check", "create", "resize", "convert", "clone", "compact", "map", "diff"];
    const helps = await Promise.all(commands.map((command) => vhdx(command, "--help")));
    for (const { exitCode, stdout } of helps) {
      expect(exitCode).to.equal(0);
      expect(stdout).to.match(/Examples?:\n {2}\$ hyperv-csi vhdx /);
    }
  });

  it("leaves nothing behind when it is interrupted", async () => {
    const source = await open(path("large.raw"), "w");
    await source.truncate(2 ** 41);
    for (let at = 0; at < 4000; at++) await source.write(Buffer.alloc(4096, 1), 0, 4096, at * (64 << 20));
    await source.close();
    const running = startVhdx(
      "convert",
      "--from",
      "raw",
      "--to",
      "dynamic",
      path("large.raw"),
      path("large.vhdx"),
    );
    const entries = () => readdir(dirname(path("x")));
    while (!(await entries()).some((name) => name.endsWith(".partial"))) await setTimeout(5);
    running.kill("SIGINT");
    const { exitCode, stderr } = await running;
    expect(exitCode).to.equal(130);
    expect(stderr).to.contain("interrupted");
    expect((await entries()).filter((name) => name.includes("large.vhdx"))).to.deep.equal([]);
    await rm(path("large.raw"));
  });

  it("does not change a file in a pool that is served", async () => {
    const lock = await lockFile(path(".lock"), "pool", "an agent");
    try {
      const { exitCode, stderr } = await vhdx("resize", path("disk.vhdx"), "30M");
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/in use by an agent/);
    } finally {
      await lock.release();
      await rm(path(".lock"));
    }
  });

  describe("beside a loop device", () => {
    before(needsLoopDevices);

    it("does not change the file that it has", async () => {
      await diskWith(path("attached.vhdx"), [[0, 4096]], "fixed");
      const place = ["--offset", String(4 << 20), path("attached.vhdx")];
      const device = execFileSync("losetup", ["--find", "--show", ...place], { encoding: "utf8" }).trim();
      try {
        for (const args of [
          ["resize", path("attached.vhdx"), "9M"],
          ["compact", path("attached.vhdx")],
        ]) {
          const { exitCode, stderr } = await vhdx(...args);
          expect(exitCode).to.equal(1);
          expect(stderr).to.contain(`is attached as ${device}; detach it first`);
        }
        expect((await vhdx("info", path("attached.vhdx"))).exitCode, "looking is free").to.equal(0);
      } finally {
        execFileSync("losetup", ["--detach", device]);
      }
    });
  });
});

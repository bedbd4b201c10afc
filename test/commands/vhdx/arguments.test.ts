import { execFileSync } from "node:child_process";
import { open, readdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { diskWith } from "../../vhdx/support/disks.ts";
import { temporaryDirectory } from "../../vhdx/support/temp.ts";
import { startVhdx, vhdx } from "./run-vhdx.ts";

describe("hyperv-csi vhdx, arguments", function () {
  this.timeout(300_000);
  const path = temporaryDirectory();
  before(async () => {
    await diskWith(path("disk.vhdx"), [[0, 4096]]);
    await writeFile(path("empty"), "");
    await writeFile(path("text"), "no disk at all");
  });

  it("that are no regular files are refused, and a FIFO is not waited for", async function () {
    if (process.platform === "win32") this.skip();
    execFileSync("mkfifo", [path("fifo")]);
    const fifo = path("fifo");
    for (const [code, ...args] of [
      [1, "info", fifo],
      [1, "check", fifo],
      [1, "check", "--repair", fifo],
      [1, "resize", fifo, "16M"],
      [1, "compact", fifo],
      [1, "map", fifo],
      [1, "create", "--parent", fifo, path("child.avhdx")],
      [1, "clone", fifo, path("clone.vhdx")],
      [1, "convert", "--from", "raw", "--to", "dynamic", fifo, path("converted.vhdx")],
      [2, "diff", fifo, path("disk.vhdx")],
      [1, "info", "/dev/null"],
      [1, "info", dirname(fifo)],
    ] as const) {
      const { exitCode, stderr } = await vhdx(...args);
      expect(exitCode, args.join(" ")).to.equal(code);
      expect(stderr, args.join(" ")).to.match(/is not a regular file|is a directory/);
    }
    expect(await readdir(dirname(path("x")))).to.have.members(["disk.vhdx", "empty", "fifo", "text"]);
  });

  it("that hold no disk are refused, and only check looks further", async () => {
    for (const file of [path("empty"), path("text")]) {
      const { exitCode, stderr } = await vhdx("info", file);
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(new RegExp(`^hyperv-csi vhdx: ${file}: file identifier at byte \\d+: `));
      expect((await vhdx("check", file)).exitCode).to.equal(4);
    }
    const raw = await vhdx("convert", "--from", "raw", "--to", "dynamic", path("empty"), path("x.vhdx"));
    expect(raw).to.include({ exitCode: 1 });
    expect(raw.stderr).to.contain("is empty: no disk has 0 bytes");
  });

  it("may be odd names", async () => {
    expect((await vhdx("info", "")).stderr).to.match(/the file: there is no such file$/);
    const name = path("-a\nb;$(id).vhdx");
    expect((await vhdx("create", "--size", "8M", "--", name)).stdout).to.match(
      /created .*-a\\u\{0a\}b;\$\(id\)/,
    );
    expect(JSON.parse((await vhdx("info", "--json", "--", name)).stdout)).to.include({ file: name });
  });

  const misuses: readonly (readonly [RegExp, ...string[]])[] = [
    [/^Usage: /],
    [/--size.*10GiBB.*512M, 10GiB/, "create", "--size", "10GiBB", "x"],
    [/'--size <size>' argument '-5'/, "create", "--size", "-5", "x"],
    [/'--block-size <size>'.*3M.*2M or 32MiB/, "create", "--size", "1G", "--block-size", "3M", "x"],
    [/--parent.*--sector-size/, "create", "--parent", "a", "--sector-size", "512", "x"],
    [/not made of whole sectors/, "create", "--size", "513", "x"],
    [/out of range/, "create", "--size", "65T", "x"],
    [/'--id <guid>'.*looks like/, "clone", "--id", "7", "a", "b"],
    [/raw disk has no blocks/, "convert", "--to", "raw", "--block-size", "1M", "a", "b"],
    [/'--grain <grain>'.*sector, block/, "diff", "--grain", "byte", "a", "b"],
  ];
  for (const [message, ...args] of misuses) {
    it(`that can't be meant end with code 2: ${args.join(" ") || "none"}`, async () => {
      const { exitCode, stdout, stderr } = await vhdx(...args);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 2, stdout: "" });
      expect(stderr).to.match(message);
    });
  }

  it("that nobody waits for any more: SIGTERM tidies up as Ctrl-C does", async () => {
    // A block for each of these pages: far more work than the signal's way takes.
    const source = await open(path("large.raw"), "w");
    await source.truncate(2 ** 41);
    for (let at = 0; at < 8000; at++) await source.write(Buffer.alloc(4096, 1), 0, 4096, at * (64 << 20));
    await source.close();
    const args = ["convert", "--from", "raw", "--to", "dynamic", path("large.raw"), path("large.vhdx")];
    const running = startVhdx(...args);
    const entries = () => readdir(dirname(path("x")));
    while (!(await entries()).some((name) => name.endsWith(".partial"))) await setTimeout(2);
    running.kill("SIGTERM");
    const { exitCode, stderr } = await running;
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 130, stderr: "hyperv-csi vhdx: interrupted" });
    expect((await entries()).filter((name) => name.includes("large.vhdx"))).to.deep.equal([]);
  });
});

import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import fc from "fast-check";
import { jsonArray } from "../../../src/commands/terminal/output.ts";
import { printable } from "../../../src/commands/terminal/printable.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { createVhdx } from "../../../src/vhdx/index.ts";
import { diskWith } from "../../vhdx/support/disks.ts";
import { temporaryDirectory } from "../../vhdx/support/temp.ts";
import { startVhdx, vhdx } from "../vhdx/run-vhdx.ts";

const main = join(import.meta.dirname, "../../../src/main.ts");

describe("hyperv-csi vhdx, output", function () {
  this.timeout(300_000);
  const path = temporaryDirectory();
  before(() => diskWith(path("disk.vhdx"), [[0, 4 << 20]]));

  it("shows what a file calls itself without obeying it", async () => {
    const creator = "\u001b[2J\u009b31mred\u202e\n";
    const options = { size: 8n * MiB, virtualDiskId: randomUUID(), creator };
    await createVhdx(path("hostile.vhdx"), { type: "dynamic", ...options });
    const { stdout } = await vhdx("info", path("hostile.vhdx"));
    expect(stdout).to.match(/creator: +\\u\{1b\}\[2J\\u\{9b\}31mred\\u\{202e\}\\u\{0a\}$/m);
    const { stdout: json } = await vhdx("info", "--json", path("hostile.vhdx"));
    expect(JSON.parse(json)).to.include({ creator });
    const { stderr } = await vhdx("info", path("\u001b[31m"));
    expect(stderr).to.match(/\\u\{1b\}\[31m: there is no such file$/);
  });

  it("keeps text and takes every control character out of it", () => {
    expect(printable("Grüße, C:\\disk 日本 🙂")).to.equal("Grüße, C:\\disk 日本 🙂");
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it("streams any items as one JSON array", async () => {
    const item = fc.record({ offset: fc.bigInt(0n, 2n ** 53n - 1n), text: fc.string() });
    await fc.assert(
      fc.asyncProperty(fc.array(item), async (items) => {
        async function* source() {
          for (const each of items) yield await Promise.resolve(each);
        }
        const lines: string[] = [];
        for await (const line of jsonArray(source())) lines.push(line);
        expect(JSON.parse(lines.join("\n"))).to.deep.equal(
          items.map(({ offset, text }) => ({ offset: Number(offset), text })),
        );
      }),
    );
  });

  it("ends without a word when nobody reads it any more", async () => {
    for (const args of [
      ["map", path("disk.vhdx")],
      ["info", "--json", path("disk.vhdx")],
    ]) {
      const running = startVhdx(...args);
      running.stdout.destroy();
      await once(running.stdout, "close");
      expect(await running).to.include({ exitCode: 141, stderr: "" });
    }
  });

  it("that can't be written is a failure", function () {
    if (process.platform !== "linux") this.skip();
    const full = openSync("/dev/full", "w");
    try {
      const { status, stderr } = spawnSync(process.execPath, [main, "vhdx", "info", path("disk.vhdx")], {
        stdio: ["ignore", full, "pipe"],
        encoding: "utf8",
      });
      expect(status).to.equal(1);
      expect(stderr).to.match(/^hyperv-csi vhdx: no space is left.*\n$/);
    } finally {
      closeSync(full);
    }
  });

  describe("on a terminal", () => {
    before(async function () {
      const { failed } = await execa("script", ["--version"], { reject: false });
      if (!failed) return;
      if (process.env["CI"]) throw new Error("script(1) is not installed");
      console.log("      skipped: script(1) is not installed");
      this.skip();
    });

    async function onTerminal(...args: string[]): Promise<string> {
      const command = [process.execPath, main, "vhdx", ...args].join(" ");
      const { exitCode, stdout } = await execa("script", ["-qec", command, "/dev/null"], { stdin: "ignore" });
      expect(exitCode).to.equal(0);
      return stdout;
    }

    it("has a progress bar that is gone in the end", async () => {
      const said = await onTerminal("convert", "--to", "raw", path("disk.vhdx"), path("a.raw"));
      expect(said).to.match(/\[[=> ]{30}\] +\d+ % {2}.*of 8 MiB/);
      const shown = said.slice(said.lastIndexOf("\u001b[K") + 3);
      expect(shown.trim()).to.equal(`wrote ${path("a.raw")}`);
    });

    it("has no bar with --quiet or --json", async () => {
      const quiet = await onTerminal("convert", "--quiet", "--to", "raw", path("disk.vhdx"), path("b.raw"));
      expect(quiet.trim()).to.equal(`wrote ${path("b.raw")}`);
      const json = await onTerminal("convert", "--json", "--to", "raw", path("disk.vhdx"), path("c.raw"));
      expect(JSON.parse(json)).to.include({ file: path("c.raw"), type: "raw", virtualSize: 8 << 20 });
    });
  });
});

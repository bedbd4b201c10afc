import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { scratchDirectory } from "../support/scratch-directory.ts";
import { until } from "../support/until.ts";

const module = join(import.meta.dirname, "end-when-gone.ts");

/** A program that has a Windows as the tests under Wine have one, with a `wineserver` that writes down what it is asked. */
describe("a Windows of Wine's", () => {
  const path = scratchDirectory();

  async function started(name: string, then: string) {
    const [root, bin] = [path(name, "root"), path(name, "bin")];
    await mkdir(join(root, "prefix"), { recursive: true });
    await mkdir(bin, { recursive: true });
    const asked = path(name, "asked");
    await writeFile(join(bin, "wineserver"), `#!/bin/sh\necho "$WINEPREFIX $*" >>'${asked}'\n`, {
      mode: 0o755,
    });
    const text = (value: string) => JSON.stringify(value);
    const source = `import { endWhenGone } from ${text(module)};
const end = endWhenGone({ WINEPREFIX: ${text(join(root, "prefix"))} }, [${text(root)}]);
console.log("ready");
${then}`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, PATH: `${bin}:${process.env["PATH"] ?? ""}` },
    });
    await once(child.stdout, "data");
    const gone = async () => {
      await until(() => !existsSync(root), "its files are gone");
      const lines = (await readFile(asked, "utf8")).split("\n");
      expect(lines).to.deep.equal([`${root}/prefix --kill`, `${root}/prefix --wait`, ""]);
    };
    return { child, root, gone };
  }

  it("ends when its tests do", async () => {
    const { child, gone } = await started("told", "await end();");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).to.equal(0);
    await gone();
  });

  for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"] as const) {
    it(`ends with its tests when these are ended by ${signal}`, async () => {
      const { child, root, gone } = await started(signal, "setInterval(() => 0, 1000);");
      expect(existsSync(root)).to.equal(true);
      child.kill(signal);
      await gone();
    });
  }
});

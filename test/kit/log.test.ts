import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect } from "chai";
import { logLevels, silentLog, type LogLevel } from "../../src/kit/log.ts";

const source = JSON.stringify(import.meta.resolve("../../src/kit/log.ts"));

/** What a process that runs `script` with a `log` writes on standard error. */
async function logged(level: LogLevel, script: string): Promise<string> {
  const program = `import { createLog } from ${source}; const log = await createLog("${level}"); ${script}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const stdout: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  const [code] = (await once(child, "close")) as [number];
  expect([code, Buffer.concat(stdout).toString()]).to.deep.equal([0, ""]);
  return text;
}

describe("kit log", () => {
  it("writes one JSON object a line on standard error", async () => {
    const text = await logged("info", `log.info({ volume: "a\\nb" }, "made"); log.warn("second");`);
    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).to.have.lengthOf(2);
    expect(lines[0]).to.deep.include({ level: 30, volume: "a\nb", msg: "made" });
    expect(lines[0]?.["time"]).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(lines[1]).to.deep.include({ level: 40, msg: "second" });
  });

  it("leaves out what is below its level", async () => {
    const script = logLevels
      .filter((level) => level !== "silent")
      .map((level) => `log.${level}("${level}");`)
      .join("");
    const text = await logged("warn", script);
    expect([...text.matchAll(/"msg":"(\w+)"/g)].map(([, level]) => level)).to.deep.equal(["warn", "error"]);
    expect(await logged("silent", script)).to.equal("");
  });

  it("has written all when the process ends at once", async () => {
    const text = await logged(
      "info",
      `for (let i = 0; i < 1000; i++) log.info("x".repeat(100)); process.exit(0);`,
    );
    expect(text.trimEnd().split("\n")).to.have.lengthOf(1000);
  });

  for (const subject of [
    `{ secrets: { password: "hunter2" } }`,
    `{ request: { secrets: { password: "hunter2" } } }`,
    `{ apiKey: "hunter2" }`,
    `{ agent: { apiKey: "hunter2", url: "u" } }`,
    `{ headers: { authorization: "Bearer hunter2" } }`,
    `{ headers: { "x-api-key": "hunter2" } }`,
  ]) {
    it(`shows no secret of ${subject.replaceAll("hunter2", "…")}`, async () => {
      const text = await logged("info", `log.info(${subject}, "call");`);
      expect(text).to.contain("[secret]").and.to.contain('"msg":"call"').and.not.to.contain("hunter2");
    });
  }

  it("can be silent", () => {
    expect(silentLog().isLevelEnabled("fatal")).to.equal(false);
  });
});

import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { http } from "../../support/http.ts";
import { endOwnProcesses, startProcessWithInput } from "../../support/own-processes.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { bundle, hypervCsi } from "./hyperv-csi.ts";

describe("hyperv-csi on Windows", () => {
  const path = temporaryDirectory();

  it("is on Windows here", () => {
    expect(process.platform).to.equal("win32");
    expect(path("x")).to.match(/^C:\\/);
  });

  it("tells its version, its help, and what is wrong with a command line", async () => {
    expect((await hypervCsi("--version")).stdout).to.match(/^\d+\.\d+\.\d+\r?\n$/);
    expect((await hypervCsi("--help")).stdout).to.contain("serve the CSI Identity and Node services");
    const wrong = await hypervCsi("node", "--endpoint", "unix://relative.sock");
    expect(wrong.code).not.to.equal(0);
    expect(wrong.stderr).to.match(/^hyperv-csi: .*relative\.sock/);
  });

  it("finds a disk by every form of its path: drive, case, slashes, long, spaces and letters of any script", async () => {
    await mkdir(path("My Disks"));
    const disk = path("My Disks", "Ä ☃.vhdx");
    expect(await hypervCsi("vhdx", "create", disk, "--size", "1Gi")).to.include({ code: 0, stderr: "" });
    const forms = [
      disk,
      disk.replaceAll("\\", "/"),
      disk.toLowerCase(),
      disk.toUpperCase(),
      `\\\\?\\${disk}`,
    ];
    for (const form of forms) {
      const { code, stdout, stderr } = await hypervCsi("vhdx", "info", "--json", form);
      expect(code, `${form}: ${stderr}`).to.equal(0);
      expect(stdout).to.contain("1073741824");
    }
    const again = await hypervCsi("vhdx", "create", disk.toUpperCase(), "--size", "1Gi");
    expect(again.code).not.to.equal(0);
  });

  it("copies and grows a disk, and finds nothing wrong with either", async () => {
    expect((await hypervCsi("vhdx", "create", path("a.vhdx"), "--size", "64Mi")).code).to.equal(0);
    expect((await hypervCsi("vhdx", "clone", path("a.vhdx"), path("b.vhdx"))).code).to.equal(0);
    expect((await hypervCsi("vhdx", "resize", path("b.vhdx"), "128Mi")).code).to.equal(0);
    for (const name of ["a.vhdx", "b.vhdx"]) {
      expect((await hypervCsi("vhdx", "check", path(name))).stdout).to.contain("nothing is wrong");
    }
  });
});

/** A Hyper-V host without any VM, behind the protocol of its workers. */
const WORKER = `
import { createInterface } from "node:readline";
const hello = { protocol: 3, powershell: "5.1", module: "2.0", computer: "HV-1", user: "HV-1\\\\agent", mayManageVms: true, cluster: null };
const results = { hello, listVms: { vms: [], unreachable: [], nodes: [] } };
for await (const line of createInterface({ input: process.stdin })) {
  const { id, op } = JSON.parse(line);
  if (op === "listVms") process.stderr.write("pid " + process.pid + "\\n");
  process.stdout.write(JSON.stringify({ id, result: results[op] ?? {} }) + "\\n");
}`;

describe("an agent on Windows, over a worker", () => {
  const path = temporaryDirectory();
  const key = randomUUID();
  let agent: ReturnType<typeof startProcessWithInput>;
  let url: string;

  const start = (state: string) =>
    startProcessWithInput(process.execPath, [
      ...[
        bundle,
        "agent",
        "--host",
        "hyperv",
        "--group",
        "g",
        "--listen",
        "127.0.0.1:0",
        "--stop-on-stdin-end",
      ],
      ...["--worker-command", process.execPath, "--worker-command", path("worker.mjs")],
      ...["--pool", path("Pool ä"), "--state-dir", path(state), "--api-key-file", path("key")],
    ]);
  // Node's own fetch asks Wine for what it has not.
  const vms = (shown: string | null = key) => http(url, "GET", "/vms", { key: shown });

  before(async () => {
    await writeFile(path("key"), key);
    await writeFile(path("worker.mjs"), WORKER);
    agent = start("state");
    await agent.says(/agent is ready/);
    url = /"url":"(http[^"]+)"/.exec(agent.output())?.[1] ?? "";
  });
  after(endOwnProcesses);

  it("is ready, and refuses a wrong key", async () => {
    expect((await http(url, "GET", "/readyz")).status).to.equal(200);
    expect((await vms("not the key")).status).to.equal(403);
    expect(await vms()).to.deep.include({ status: 200, json: { VMs: [] } });
  });

  it("gets another worker when one is killed", async () => {
    await vms();
    const pid = Number(/pid (\d+)/.exec(agent.output())?.[1]);
    process.kill(pid, "SIGKILL");
    const { status, text } = await vms();
    expect(status, text).to.equal(200);
  });

  it("has its pool to itself", async () => {
    const second = start("state-2");
    expect(await second.ended()).not.to.equal(0);
    expect(second.output()).to.match(/is in use by/);
  });

  it("ends in order with its input, and leaves nothing that stops the next one", async () => {
    agent.endInput();
    expect(await agent.ended(), agent.output()).to.equal(0);
    const next = start("state");
    await next.says(/agent is ready/);
    next.endInput();
    expect(await next.ended(), next.output()).to.equal(0);
  });
});

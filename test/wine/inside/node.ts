import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { GROUP_ITEM } from "../../../src/csi/driver.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { hypervCsi } from "./hyperv-csi.ts";

const VM_ID = "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0";
const CONTROLLER = String.raw`VMBUS\{BA6163D9-04A1-4D29-B605-72E2FFB1DC7F}\{11111111-2222-4333-8444-555555555555}`;

/** A VM with one SCSI controller and a DVD drive on it, behind the protocol of a Windows node's workers. */
const answers = {
  hello: {
    protocol: 2,
    powershell: "5.1.20348.1",
    module: "2.0.0.0",
    windows: "10.0.20348.0",
    computer: "NODE-1",
    user: String.raw`NT AUTHORITY\SYSTEM`,
    mayManageDisks: true,
  },
  guestItems: {
    parameters: [{ name: "VirtualMachineId", value: VM_ID.toUpperCase() }],
    external: [{ name: GROUP_ITEM, value: "rack-1" }],
  },
  survey: { disks: [], partitions: [], controllers: [CONTROLLER], otherDrives: [CONTROLLER] },
};

const worker = `
import { createInterface } from "node:readline";
const results = ${JSON.stringify(answers)};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, op } = JSON.parse(line);
  process.stdout.write(JSON.stringify({ id, result: results[op] }) + "\\n");
}`;

describe("the node plugin on Windows, over a worker", () => {
  const path = temporaryDirectory();
  const node = (...args: readonly string[]) =>
    hypervCsi(
      ...["node", "--endpoint", `unix://${path("csi.sock")}`, "--kubelet-dir", path("kubelet")],
      ...["--worker-command", process.execPath, "--worker-command", path("worker.mjs"), ...args],
    );

  before(() => writeFile(path("worker.mjs"), worker));

  it("learns from it what kubelet is told: VM, group, and the room of its controllers", async () => {
    const { code, stdout, stderr } = await node("--print", "json");
    expect(code, stderr).to.equal(0);
    const shown = JSON.parse(stdout) as { plugin: { endpoint: string }; node: Record<string, unknown> };
    expect(shown.plugin.endpoint).to.match(/^C:\\.*\\csi\.sock$/);
    expect(JSON.stringify(shown.node)).to.contain(VM_ID).and.to.contain("rack-1").and.to.contain("63");
  });

  it("says that this Windows has no Unix sockets, where it has none", async () => {
    const { code, stdout, stderr } = await node();
    expect(code).not.to.equal(0);
    expect(stdout + stderr).to.contain("this system has no Unix sockets");
  });
});

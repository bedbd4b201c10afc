import { copyFile, mkdir, readdir } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { execa } from "execa";
import { buildBundle } from "../../scripts/build.ts";
import { csiClient } from "../../src/csi/client.ts";
import type { IdentityRpcs } from "../../src/csi/rpc.ts";
import { version } from "../../src/kit/version.ts";
import { API_TOKEN, FakeApiServer } from "../support/api-server/api-server.ts";
import { needsLoopDevices } from "../support/needs-loop-devices.ts";
import { startProcess } from "../support/own-processes.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

describe("the bundle, alone in an empty directory", () => {
  const scratch = scratchDirectory();
  let bundle: string;

  before(async () => {
    await mkdir(scratch("empty"));
    bundle = scratch("empty", "hyperv-csi.mjs");
    await buildBundle(scratch("built.mjs"));
    await copyFile(scratch("built.mjs"), bundle);
  });

  function plainNode(...args: string[]) {
    return execa(process.execPath, [bundle, ...args], { cwd: scratch("empty"), reject: false, all: true });
  }

  it("knows its version and its commands", async () => {
    expect((await plainNode("--version")).stdout).to.equal(version);
    const { stdout } = await plainNode("--help");
    for (const command of ["up", "agent", "controller", "node"]) expect(stdout).to.contain(command);
  });

  it("serves CSI as a node plugin", async () => {
    const socket = scratch("node.sock");
    const args = ["node", "--endpoint", `unix://${socket}`, "--node-id", randomUUID(), "--group", "local"];
    const node = startProcess(process.execPath, [bundle, ...args]);
    await node.says(/node is ready/);
    const identity = csiClient<IdentityRpcs>("Identity", socket);
    expect(await identity.call.GetPluginInfo({})).to.include({
      name: "hyperv.csi.dev",
      vendor_version: version,
    });
    identity.close();
    expect(await node.kill("SIGTERM")).to.equal(0);
  });

  it("leads as a controller with an API server, by what it carries of the client library, and gives that back", async () => {
    const server = await FakeApiServer.start(scratch("api"));
    try {
      await writeFile(scratch("kubeconfig"), server.kubeconfig());
      await writeFile(scratch("agent-key"), randomUUID());
      const agent = { group: "local", url: "http://127.0.0.1:1", apiKeyFile: scratch("agent-key") };
      await writeFile(scratch("agents.yaml"), JSON.stringify({ agents: [agent] }));
      const socket = `unix://${scratch("controller.sock")}`;
      const args = ["--endpoint", socket, "--agents", scratch("agents.yaml")];
      const kubernetes = ["--kubeconfig", scratch("kubeconfig")];
      const all = [bundle, "controller", ...args, ...kubernetes];
      const controller = startProcess(process.execPath, all);
      await controller.says(/this replica leads/);
      expect(await controller.kill("SIGTERM")).to.equal(0);
      const lease = server.store.get(
        "/apis/coordination.k8s.io/v1/namespaces/storage/leases/controller-leader-hyperv-csi-dev",
      );
      expect(lease["spec"]).to.include({ holderIdentity: "" });
      expect(controller.output()).not.to.contain(API_TOKEN);
    } finally {
      await server.close();
    }
  });

  it("serves REST as an agent, with a pool of file threads set before they start", async () => {
    await writeFile(scratch("key"), randomUUID());
    const args = [
      "--listen",
      "127.0.0.1:0",
      "--api-key-file",
      scratch("key"),
      "--pool",
      scratch("pool"),
      "--group",
      "local",
      "--state-dir",
      scratch("state"),
    ];
    const agent = startProcess(process.execPath, [bundle, "agent", ...args]);
    await agent.says(/agent is ready/);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(agent.output())?.[0] ?? "";
    expect((await fetch(`${url}/healthz`)).status).to.equal(200);
    expect(await threadsNamed(agent.pid, "libuv-worker")).to.equal(32);
    expect(await agent.kill("SIGTERM")).to.equal(0);
  });

  describe("as a whole", () => {
    before(needsLoopDevices);

    it("shows its main job", async () => {
      const { exitCode, all } = await plainNode("up", "--once", "--state-dir", scratch("state"));
      expect(exitCode, all).to.equal(0);
      expect(all).to.contain("every step held");
      expect(await readdir(scratch("empty"))).to.deep.equal(["hyperv-csi.mjs"]);
    });
  });

  it("ends with 1 and one line for a wrong option", async () => {
    const { exitCode, all } = await plainNode(
      "node",
      "--endpoint",
      "relative",
      "--node-id",
      randomUUID(),
      "--group",
      "g",
    );
    expect(exitCode).to.equal(1);
    expect(all).to.match(/^hyperv-csi: endpoint relative is not unix:\/\/ and an absolute path$/);
  });
});

async function threadsNamed(pid: number, name: string): Promise<number> {
  const { stdout } = await execa("sh", ["-c", `cat /proc/${pid}/task/*/comm`]);
  return stdout.split("\n").filter((line) => line === name).length;
}

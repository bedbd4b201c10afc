import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { TEST_KEY } from "../support/agent.ts";
import { testApi } from "../support/api-server/test-api.ts";
import { cells, operatorRig, runProgram } from "./operator/program.ts";

const PVS = "/api/v1/persistentvolumes";

describe("hyperv-csi doctor --kube", () => {
  const rig = operatorRig();
  const test = testApi();
  let agents: string;

  beforeEach(async () => {
    agents = rig.path("agents.yaml");
    await writeFile(rig.path("key"), TEST_KEY);
    await writeAgents(rig.agent.url);
  });
  const writeAgents = (url: string) =>
    writeFile(agents, JSON.stringify({ agents: [{ group: "local", url, apiKeyFile: "key" }] }));
  // Without a profile or an agent in the environment: those are not what is asked.
  const run = (...args: string[]) =>
    runProgram(rig.bundle, {}, [
      ...["doctor", "--kube", "--agents", agents, "--kubeconfig", test.kubeconfig],
      ...args,
    ]);
  const putPv = (name: string, volumeHandle: string) =>
    test.server.put(PVS, { metadata: { name }, spec: { csi: { driver: "hyperv.csi.dev", volumeHandle } } });

  it("says that nothing is wrong, at once", async () => {
    expect(await run()).to.deep.equal({ exitCode: 0, stdout: "nothing is wrong\n", stderr: "" });
    expect((await run("-o", "json")).stdout).to.equal("[]\n");
  });

  it("tells what stays alone in two looks, ends with 3, and changes nothing", async () => {
    const made = async (name: string) =>
      (await rig.json("volume", "create", name, "--size", "8M")) as { id: string };
    const [alone, named] = [await made("alone"), await made("named")];
    putPv("pv-named", `local/${named.id}`);
    const gone = `local/${randomUUID()}`;
    putPv("pv-gone", gone);
    const { exitCode, stdout, stderr } = await run("--grace", "1s");
    expect(stderr).to.equal("2 seem alone: looking again in 1 s whether they stay so\n");
    expect(exitCode).to.equal(3);
    expect(cells(stdout).map((row) => row.slice(0, 4))).to.deep.equal([
      ["GROUP", "FINDING", "NAME", "HANDLE"],
      ["local", "volume-without-pv", "alone", `local/${alone.id}`],
      ["local", "pv-without-volume", "pv-gone", gone],
    ]);
    const json = JSON.parse((await run("--grace", "0s", "-o", "json")).stdout) as object[];
    expect(json.map((finding) => Object.keys(finding))).to.deep.equal([
      ["kind", "group", "name", "handle", "message"],
      ["kind", "group", "name", "handle", "message"],
    ]);
    expect(test.server.asked.every(({ method }) => method === "GET")).to.equal(true);
    expect(await rig.json("volume", "list")).to.have.length(2);
    for (const { id } of [alone, named]) await rig.output("volume", "delete", id);
  });

  it("ends with 1, and tells no orphan, when a group or the API server does not answer", async () => {
    putPv("pv", `local/${randomUUID()}`);
    await writeAgents("http://127.0.0.1:1");
    const silent = await run();
    expect(silent).to.include({ exitCode: 1, stdout: "" });
    expect(silent.stderr).to.match(
      /^hyperv-csi doctor: nothing can be told .* while group local does not answer/,
    );
    await writeAgents(rig.agent.url);
    await test.server.close();
    expect((await run()).stderr).to.include("the API server can't be reached");
  });

  it("ends with 2 when it is called in a way that nobody means", async () => {
    for (const args of [["--fix"], ["--grace", "soon"]]) expect((await run(...args)).exitCode).to.equal(2);
  });
});

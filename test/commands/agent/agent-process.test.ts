import { readFile, rename, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { createAgentClient } from "../../../src/agent-client/agent-client.ts";
import { bundleOf } from "../../support/bundle.ts";
import { testCall } from "../../support/agent.ts";
import { http } from "../../support/http.ts";
import { endOwnProcesses, type OwnProcess, startProcess } from "../../support/own-processes.ts";
import { freePort } from "../../support/running-agent.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { until } from "../../support/until.ts";

const CONTROLLER = "controller-0123456789";
const READER = "prometheus-0123456789";

describe("agent process", () => {
  const path = temporaryDirectory();
  const bundle = bundleOf();
  let port: number;
  let url: string;

  before(async () => {
    port = await freePort();
    url = `http://127.0.0.1:${port}`;
    await writeKeys(CONTROLLER);
    await writeFile(
      path("agent.yaml"),
      `group: host-1\nlisten: 127.0.0.1:${port}\napiKeyFile: ${path("keys.yaml")}\npools:\n  - {name: default, directory: ${path("pool")}}\nauditLogFile: ${path("audit.log")}\nstateDirectory: ${path("state")}\n`,
    );
  });
  afterEach(endOwnProcesses);

  const writeKeys = (controller: string) =>
    writeFile(
      path("keys.yaml"),
      `keys:\n- {name: controller, role: operate, key: ${controller}}\n- {name: prometheus, role: read, key: ${READER}}\n`,
    );

  const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}): OwnProcess =>
    startProcess(process.execPath, [bundle, "agent", ...args], env);

  async function serve(args: readonly string[] = []): Promise<OwnProcess> {
    const agent = run(["--config", path("agent.yaml"), ...args]);
    await agent.says(/agent is ready/);
    return agent;
  }

  it("prints its settings with where each comes from, and serves nothing", async () => {
    const agent = run(["--config", path("agent.yaml"), "--print-config", "--reserve", "5%"], {
      HYPERV_CSI_AGENT_OVERCOMMIT: "1.5",
    });
    expect(await agent.ended()).to.equal(0);
    expect(agent.output()).to.match(/# from .*agent\.yaml; .*\ngroup: host-1\n/);
    expect(agent.output()).to.match(/# from --reserve; .*\nreserve: 5%\n/);
    expect(agent.output()).to.match(/# from HYPERV_CSI_AGENT_OVERCOMMIT; .*\novercommit: 1\.5\n/);
  });

  it("says what is wrong with its settings, and ends", async () => {
    await writeFile(path("bad.yaml"), "group: host-1\npool: /x\n");
    const agent = run(["--config", path("bad.yaml")]);
    expect(await agent.ended()).to.equal(1);
    expect(agent.output()).to.contain(`${path("bad.yaml")}:2: pool is not known here`);
  });

  it("takes a rotated key without a restart, and tells who changed what", async () => {
    await serve();
    const make = (key: string, name: string) => http(url, "POST", `/volume/${name}?size=8388608`, { key });
    expect((await make(CONTROLLER, "before")).status).to.equal(201);
    expect((await make(READER, "never")).status).to.equal(403);
    const rotated = "rotated-0123456789abc";
    await writeKeys(rotated);
    await until(
      async () => (await http(url, "GET", "/volumes", { key: rotated })).status === 200,
      "the new key is taken",
    );
    expect((await make(CONTROLLER, "never")).status).to.equal(403);
    expect((await make(rotated, "after")).status).to.equal(201);
    await writeKeys(CONTROLLER);
    const audit = (await readFile(path("audit.log"), "utf8")).trim().split("\n");
    const told = audit.map(
      (line) => JSON.parse(line) as { operation: string; caller: string; subject: { name: string } },
    );
    expect(told.map(({ operation, caller, subject }) => [operation, caller, subject.name])).to.deep.equal([
      ["create", "controller@127.0.0.1", "before"],
      ["create", "controller@127.0.0.1", "after"],
    ]);
  });

  it("serves who looks for its group or an alias of that, and nobody who looks for another", async () => {
    await serve(["--group-alias", "host-0"]);
    const look = (group: string) =>
      http(url, "GET", "/volumes", { key: READER, headers: { "X-Expected-Group": group } });
    for (const group of ["host-1", "host-0"]) expect((await look(group)).status, group).to.equal(200);
    const { status, text } = await look("host-2");
    expect([status, text]).to.deep.equal([
      421,
      '{"code":14,"message":"the agent at this address serves group host-1, not host-2"}',
    ]);
  });

  it("serves TLS off loopback with a certificate of its own, whose fingerprint it tells", async () => {
    const secure = await freePort();
    const agent = run([
      ...["--config", path("agent.yaml"), "--listen", `0.0.0.0:${secure}`, "--state-dir", path("state")],
    ]);
    await agent.says(/SHA-256 fingerprint ([0-9A-F]{2}:){31}[0-9A-F]{2}"(.|\n)*agent is ready/);
    const ca = await readFile(path("state/tls/tls.crt"), "utf8");
    const client = createAgentClient({ url: `https://127.0.0.1:${secure}`, apiKey: CONTROLLER, ca });
    expect((await client.listVolumes(0, "", testCall())).volumes).to.have.lengthOf(2);
  });

  it("is alone on its pool: a second one is refused until the first was killed", async () => {
    const first = await serve();
    const second = run(["--config", path("agent.yaml"), "--listen", `127.0.0.1:${await freePort()}`]);
    expect(await second.ended()).to.equal(1);
    expect(second.output()).to.match(/is in use by hyperv-csi agent/);
    await first.kill("SIGKILL");
    await serve();
    expect((await http(url, "GET", "/volumes", { key: READER })).text).to.contain('"before"');
  });

  it("takes no empty directory for a pool that it has seen there", async () => {
    const agent = await serve();
    await agent.kill("SIGTERM");
    await rename(path("pool"), path("elsewhere"));
    const without = run(["--config", path("agent.yaml")]);
    await without.says(/agent is ready/);
    expect(without.output()).to.match(/the pool's file system is not mounted/);
    expect((await http(url, "GET", "/readyz", { key: null })).status).to.equal(503);
    const lost = await http(url, "DELETE", "/volume/11111111-2222-4333-8444-555555555555", {
      key: CONTROLLER,
    });
    expect(lost.status, "what may be there is not taken for deleted").to.equal(503);
    await rename(path("elsewhere"), path("pool"));
    await until(
      async () => (await http(url, "GET", "/readyz", { key: null })).status === 200,
      "the pool is back",
    );
    expect((await http(url, "GET", "/volumes", { key: READER })).text).to.contain('"before"');
  });

  it("is ready, and ends in order when it is asked to", async () => {
    const agent = await serve();
    expect(JSON.parse((await http(url, "GET", "/readyz", { key: null })).text)).to.deep.equal({
      status: "ok",
      host: "ok",
      pools: { default: "ok" },
    });
    expect(await agent.kill("SIGTERM")).to.equal(0);
    expect(agent.output()).to.match(/agent stops/);
  });
});

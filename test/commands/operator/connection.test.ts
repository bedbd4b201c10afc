import { mkdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { selfMadeCertificate } from "../../../src/agent/tls/self-made.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { DEAD_URL, startTestAgent, TEST_KEY, type TestAgent, testCall } from "../../support/agent.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { freePort, startAgentProcess } from "../../support/running-agent.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";
import { type Environment, operatorRig, runProgram } from "./program.ts";

describe("operator's commands, connection", () => {
  let other: TestAgent;
  // Before its directory goes.
  after(() => other.close());
  const rig = operatorRig();
  const scratch = scratchDirectory();
  const { path, bundle } = rig;
  before(async () => {
    other = await startTestAgent(path("other"), "other");
    await rig.agent.client.createVolume("on-one", { size: 8n * MiB }, testCall());
    await other.client.createVolume("on-two", { size: 8n * MiB }, testCall());
    await mkdir(path("home", ".config", "hyperv-csi"), { recursive: true });
    await writeFile(
      path("home", ".config", "hyperv-csi", "config.yaml"),
      `current: two
profiles:
  one: {url: "${rig.agent.url}", keyFile: ../../../api.key}
  two: {url: "${other.url}/", keyFile: "${path("api.key")}"}
`,
    );
  });

  const home = () => ({ HOME: path("home") });
  const list = async (env: Environment, ...options: string[]) => {
    const { exitCode, stdout, stderr } = await runProgram(bundle, env, ["volume", "list", ...options]);
    return exitCode === 0 ? stdout.split("\n")[1]?.split(" ")[0] : `${String(exitCode)} ${stderr.trimEnd()}`;
  };

  it("take profiles from the home directory, the current one unless another is chosen", async () => {
    expect(await list(home())).to.equal("on-two");
    expect(await list(home(), "--profile", "one")).to.equal("on-one");
    expect(await list({ ...home(), HYPERV_CSI_PROFILE: "one" })).to.equal("on-one");
    expect(await list({ ...home(), HYPERV_CSI_PROFILE: "one" }, "--profile=two")).to.equal("on-two");
    const profiles = path("home", ".config", "hyperv-csi", "config.yaml");
    expect(await list({ HYPERV_CSI_PROFILES: profiles })).to.equal("on-two");
    expect(await list({}, "--profiles", profiles, "--profile", "one")).to.equal("on-one");
    expect(await list({ HOME: "/", XDG_CONFIG_HOME: path("home", ".config") })).to.equal("on-two");
  });

  it("take flags before the environment before profiles", async () => {
    const env = { ...home(), ...rig.environment };
    expect(await list(env)).to.equal("on-one");
    expect(await list(env, "--profile", "two")).to.equal("on-two");
    expect(await list(env, "--agent-url", other.url)).to.equal("on-two");
    expect(await list({ ...env, HYPERV_CSI_AGENT_URL: "" })).to.equal("on-two");
    expect(await list({ ...env, HYPERV_CSI_API_KEY_FILE: "" })).to.match(/^2 .*HYPERV_CSI_AGENT_URL needs/);
  });

  it("send no key of the environment to the agent of a profile", async () => {
    await writeFile(path("wrong.key"), "wrong-key-0123456789");
    const env = { ...home(), HYPERV_CSI_API_KEY_FILE: path("wrong.key") };
    expect(await list(env)).to.equal("on-two");
    expect(await list(home(), "--api-key-file", path("wrong.key"))).to.equal(
      `1 hyperv-csi volume: a valid API key is required; the key came from ${path("wrong.key")}`,
    );
  });

  it("say what is wrong with a key file, and never show a key", async () => {
    for (const [text, message] of [
      ["", "is empty: it is to have the key alone"],
      [`keys:\n  - {name: a, role: read, key: ${TEST_KEY}}`, "holds more than one key, or none"],
      [`${TEST_KEY} ${TEST_KEY}`, "holds more than one key, or none"],
      ["schlüssel-0123456789", "holds more than one key, or none"],
    ] as const) {
      await writeFile(path("odd.key"), text);
      const said = await list(home(), "--api-key-file", path("odd.key"));
      expect(said)
        .to.match(/^1 /)
        .and.contain(`${path("odd.key")} ${message}`)
        .and.not.contain(TEST_KEY);
    }
    expect(await list(home(), "--api-key-file", path("nowhere"))).to.match(
      /^1 .*nowhere can't be read: ENOENT/,
    );
    expect(await list(home(), "--ca-file", path("nowhere"))).to.match(/^1 .*nowhere can't be read: ENOENT/);
  });

  it("say what to do about an agent that is not reached", async () => {
    expect(await list(rig.environment, "--agent-url", DEAD_URL)).to.equal(
      `1 hyperv-csi volume: the agent at ${DEAD_URL} can't be reached: ECONNREFUSED; does it run there?`,
    );
    const https = rig.agent.url.replace("http", "https");
    expect(await list(rig.environment, "--agent-url", https)).to.match(
      /^1 .*; does it serve http:\/\/ there\?$/,
    );
  });

  it("trust an agent's certificate by --ca-file or the profile's caFile", async () => {
    const { certFile, keyFile } = await selfMadeCertificate(scratch("tls"));
    await mkdir(scratch("pool"));
    const options = [
      "--pool",
      scratch("pool"),
      "--tls-cert-file",
      certFile,
      "--tls-private-key-file",
      keyFile,
    ];
    const vm = fakeVm(7);
    const agent = await startAgentProcess({
      program: bundle,
      port: await freePort(),
      directory: scratch(),
      options: [...options, "--vm", `${vm.id}=${vm.name}`],
    });
    const env = {
      HYPERV_CSI_AGENT_URL: agent.url.replace("http", "https"),
      HYPERV_CSI_API_KEY_FILE: agent.keyFile,
    };
    const distrusted = await list(env);
    expect(distrusted).to.match(/^1 .*its certificate is not trusted; give its CA file$/);
    const vms = await runProgram(bundle, env, ["vm", "list", "--ca-file", certFile]);
    expect(vms).to.deep.include({
      exitCode: 0,
      stdout: `NAME  ${"ID".padEnd(36)}  STATE\nvm-7  ${vm.id}  running\n`,
    });
    expect(await list({ ...env, HYPERV_CSI_CA_FILE: certFile })).to.equal("");
    const profile = { url: env.HYPERV_CSI_AGENT_URL, keyFile: "api.key", caFile: certFile };
    await writeFile(scratch("profiles"), JSON.stringify({ profiles: { tls: profile } }));
    expect(await list({ HYPERV_CSI_PROFILES: scratch("profiles") })).to.equal("");
  });
});

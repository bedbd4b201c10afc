import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { stringify } from "yaml";
import { agentAddress } from "../../../src/agent/tls/own-address.ts";
import { selfMadeCertificate } from "../../../src/agent/tls/self-made.ts";
import { bundleOf } from "../../support/bundle.ts";
import { startProcess } from "../../support/own-processes.ts";
import { freePort } from "../../support/running-agent.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";

describe("hyperv-csi agent wait-ready", () => {
  const scratch = scratchDirectory();
  const bundle = bundleOf();

  /** The file of settings of an agent of its own. */
  async function configOf(more: object = {}): Promise<string> {
    const directory = scratch(randomUUID());
    await mkdir(directory);
    await writeFile(join(directory, "key"), randomUUID());
    const config = {
      group: "test",
      listen: `127.0.0.1:${await freePort()}`,
      apiKeyFile: join(directory, "key"),
      stateDirectory: join(directory, "state"),
      pools: [{ name: "default", directory: join(directory, "pool") }],
      ...more,
    };
    await writeFile(join(directory, "agent.yaml"), stringify(config));
    return join(directory, "agent.yaml");
  }
  const wait = (file: string, timeout: string) =>
    execa(process.execPath, [bundle, "agent", "wait-ready", "--config", file, "--timeout", timeout], {
      reject: false,
      all: true,
    });

  it("waits for an agent that starts meanwhile", async () => {
    const file = await configOf();
    const waiting = wait(file, "50s");
    const agent = startProcess(process.execPath, [bundle, "agent", "--config", file]);
    const { exitCode, all } = await waiting;
    expect(exitCode, all).to.equal(0);
    expect(all).to.equal("the agent is ready");
    expect(await agent.kill("SIGTERM")).to.equal(0);
  });

  it("knows an agent by its certificate, whatever that is called", async () => {
    const { certFile, keyFile } = await selfMadeCertificate(scratch("tls"));
    const file = await configOf({ tlsCertFile: certFile, tlsPrivateKeyFile: keyFile });
    const agent = startProcess(process.execPath, [bundle, "agent", "--config", file]);
    await agent.says(/agent is ready/);
    expect((await wait(file, "50s")).all).to.equal("the agent is ready");
    await agent.kill("SIGTERM");
  });

  it("gives up with 1 and a reason when the time is over", async () => {
    const { exitCode, all } = await wait(await configOf(), "1ms");
    expect(exitCode).to.equal(1);
    expect(all).to.contain("the agent is not ready").and.contain("ECONNREFUSED");
  });

  it("refuses what is no time, and a file that is not there", async () => {
    expect((await wait(await configOf(), "soon")).all).to.contain("soon is no time");
    expect((await wait(scratch("none.yaml"), "1s")).all).to.contain("none.yaml can't be read");
  });

  it("looks where the agent listens on this machine, with the certificate that it serves", () => {
    type Config = Parameters<typeof agentAddress>[0];
    const at = (listen: string, more: Partial<Config> = {}) =>
      agentAddress({ stateDirectory: "/state", listen, ...more });
    expect(at("127.0.0.1:1")).to.deep.equal({ host: "127.0.0.1", port: 1, certFile: undefined });
    expect(at("0.0.0.0:1")).to.deep.equal({ host: "127.0.0.1", port: 1, certFile: "/state/tls/tls.crt" });
    expect(at("[::]:1")).to.include({ host: "::1", certFile: "/state/tls/tls.crt" });
    expect(at("host-1:1", { tlsCertFile: "/c" })).to.include({ host: "host-1", certFile: "/c" });
    expect(at("127.0.0.1:1", { clientCaFile: "/ca" })).to.include({ certFile: "/state/tls/tls.crt" });
  });
});

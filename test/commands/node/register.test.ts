import { readdir, readFile, rm } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { execa } from "execa";
import { parse } from "yaml";
import { bundleOf } from "../../support/bundle.ts";
import { goTools, needsGoProgram } from "../../support/go-program.ts";
import { startProcess, type OwnProcess } from "../../support/own-processes.ts";
import { freePort } from "../../support/running-agent.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";
import { until } from "../../support/until.ts";

describe("hyperv-csi node and kubelet", () => {
  const path = scratchDirectory();
  const programs = {
    "registers itself": bundleOf(),
    "registers itself on sockets made as on Windows": bundleOf("test/support/over-carried.ts"),
  };
  const nodeId = randomUUID();
  const place = ["--node-id", nodeId, "--group", "east", "--max-volumes", "40"];
  const shown = () => path("registry", "hyperv.csi.dev-reg.sock");
  const nodeOf = (program: string, ...options: string[]) => [
    ...[program, "node", "--endpoint", `unix://${path("csi.sock")}`, ...place],
    ...["--plugin-registration-path", path("registry"), ...options],
  ];

  const node = (...options: string[]) => nodeOf(programs["registers itself"], ...options);

  for (const [what, program] of Object.entries(programs)) {
    describe(`that ${what}`, () => {
      before(needsGoProgram("kubelet"));
      let running: OwnProcess;
      let port: number;

      beforeEach(async () => {
        port = await freePort();
        running = startProcess(process.execPath, [
          ...nodeOf(program, "--register-with-kubelet", "--http-endpoint", `127.0.0.1:${port}`),
        ]);
        await running.says(/node is ready/);
        await until(async () => (await readdir(path("registry")).catch(() => [])).length > 0, "its socket");
      });
      afterEach(() => running.kill("SIGTERM"));

      /** Kubelet's part, by a client made from kubelet's own interface. */
      async function kubelet(...refusal: string[]): Promise<unknown> {
        const args = ["run", "./kubelet", shown(), ...refusal];
        return JSON.parse((await execa("go", args, { cwd: goTools })).stdout);
      }
      async function ready() {
        const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
        return [answer.status, await answer.text()];
      }

      it("is found, asked what the node is, registered, and then ready", async () => {
        expect((await ready())[0]).to.equal(503);
        expect((await ready())[1]).to.match(/kubelet has not registered/);
        expect(await kubelet()).to.deep.equal({
          type: "CSIPlugin",
          name: "hyperv.csi.dev",
          endpoint: path("csi.sock"),
          versions: ["1.0.0"],
          nodeId,
          maxVolumes: 40,
          topology: { "topology.hyperv.csi.dev/group": "east" },
        });
        expect(await ready()).to.deep.equal([200, "ok\n"]);
        expect(await running.kill("SIGTERM")).to.equal(0);
        expect(await readdir(path("registry"))).to.deep.equal([]);
      });

      it("is found again by a kubelet that cleared its directory", async () => {
        await kubelet();
        await rm(shown());
        await until(async () => (await readdir(path("registry"))).length > 0, "its socket again");
        expect((await ready())[0]).to.equal(503);
        await kubelet();
        expect((await ready())[0]).to.equal(200);
      });

      it("ends with one line when kubelet refuses it", async () => {
        await kubelet("the driver name is taken");
        expect(await running.ended()).to.equal(1);
        expect(running.output()).to.match(
          /^hyperv-csi: kubelet refused to register driver hyperv\.csi\.dev: the driver name is taken$/m,
        );
        expect(await readdir(path("registry"))).to.deep.equal([]);
      });
    });
  }

  it("shows what it would register, and makes nothing", async () => {
    const registration = ["--kubelet-registration-path", "/var/lib/kubelet/plugins/hyperv/csi.sock"];
    const asYaml = await execa(process.execPath, node(...registration, "--print"));
    const asJson = await execa(process.execPath, node(...registration, "--print", "json"));
    expect(JSON.parse(asJson.stdout)).to.deep.equal({
      socket: shown(),
      plugin: {
        type: "CSIPlugin",
        name: "hyperv.csi.dev",
        endpoint: "/var/lib/kubelet/plugins/hyperv/csi.sock",
        supported_versions: ["1.0.0"],
      },
      node: {
        node_id: nodeId,
        max_volumes_per_node: 40,
        accessible_topology: { segments: { "topology.hyperv.csi.dev/group": "east" } },
      },
    });
    expect(parse(asYaml.stdout)).to.deep.equal(JSON.parse(asJson.stdout));
    expect(await readdir(path())).to.not.include("csi.sock");
  });

  for (const options of [
    ["--driver-name", "../../etc/cron.d/x"],
    ["--driver-name", "a".repeat(64)],
    ["--kubelet-registration-path", "plugins/csi.sock"],
    ["--plugin-registration-path", "registry"],
    ["--print", "xml"],
  ] as const) {
    it(`refuses ${options.join(" ").slice(0, 60)}`, async () => {
      const { exitCode, stderr } = await execa(process.execPath, node(...options), { reject: false });
      expect(exitCode).to.equal(1);
      expect(stderr).to.match(/^(hyperv-csi|error): .+/);
    });
  }
});

describe("the program that plays kubelet", () => {
  it("is made from the interface of kubelet itself, in the version that go.mod pins", async () => {
    expect(await readFile(`${goTools}/go.mod`, "utf8")).to.match(/^\tk8s\.io\/kubelet v\d+\.\d+\.\d+$/m);
  });
});

import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { Command } from "commander";
import fc from "fast-check";
import { parse } from "yaml";
import { AgentConfig } from "../../../src/agent/config/agent-config.ts";
import { agentSettings } from "../../../src/agent/config/agent-settings.ts";
import { configDefaults } from "../../../src/agent/config/defaults.ts";
import { configKeys, effectiveConfig } from "../../../src/commands/agent/effective-config.ts";
import { environmentName, optionOf } from "../../../src/commands/agent/flags.ts";
import { configText } from "../../../src/commands/agent/print-config.ts";
import { expectFailure } from "../../support/failure.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const LEAST = ["--api-key-file", "k", "--group", "g", "--pool", "/p"];

describe("agent configuration", () => {
  const path = temporaryDirectory();
  const set = new Set<string>();
  afterEach(() => {
    for (const name of set) Reflect.deleteProperty(process.env, name);
    set.clear();
  });

  function environment(key: keyof AgentConfig, value: string): void {
    set.add(environmentName(key));
    process.env[environmentName(key)] = value;
  }

  async function configOf(args: string[], file?: string) {
    const command = new Command().exitOverride();
    for (const key of configKeys) command.addOption(optionOf(key));
    command.parse(args, { from: "user" });
    if (file !== undefined) await writeFile(path("agent.yaml"), file);
    return await effectiveConfig(command, file === undefined ? undefined : path("agent.yaml"));
  }

  it("needs only a key file, a group and a pool", async () => {
    const { config } = await configOf(LEAST);
    expect(config).to.deep.equal({
      ...configDefaults,
      apiKeyFile: "k",
      group: "g",
      pools: [{ name: "default", directory: "/p" }],
    });
  });

  it("says what is missing, as option and as key", async () => {
    await expectFailure(
      configOf(["--group", "g"]),
      "INVALID_ARGUMENT",
      /--api-key-file, --pool must be given, or apiKeyFile, pools in the file of --config/,
    );
  });

  it("is the file's, before that the environment's, before that the options'", async () => {
    const file =
      "listen: 127.0.0.1:1\nreserve: 1Gi\novercommit: 2\ngroup: file\npools: [{name: a, directory: /a}]\n";
    environment("reserve", "2Gi");
    environment("overcommit", "3");
    environment("pools", "b=/b,c=/c");
    const { config, origins } = await configOf(["--overcommit", "4", "--api-key-file", "k"], file);
    expect(config).to.deep.include({
      listen: "127.0.0.1:1",
      reserve: "2Gi",
      overcommit: 4,
      group: "file",
      pools: [
        { name: "b", directory: "/b" },
        { name: "c", directory: "/c" },
      ],
    });
    expect(origins.get("listen")).to.equal(path("agent.yaml"));
    expect(origins.get("reserve")).to.equal("HYPERV_CSI_AGENT_RESERVE");
    expect(origins.get("overcommit")).to.equal("--overcommit");
    expect(origins.get("maxConnections")).to.equal("default");
  });

  for (const [what, file, message] of [
    ["a key that there is not", "group: g\nlistens: x\n", /agent\.yaml:2: listens is not known here/],
    [
      "a key deep down",
      "pools:\n  - name: a\n    directory: /a\n    size: 3\n",
      /agent\.yaml:4: pools\.0\.size is not known here/,
    ],
    ["a wrong type", "group: g\nmaxVolumes: many\n", /agent\.yaml:2: maxVolumes must be integer/],
    [
      "a wrong form",
      "group: g\n\nreserve: a lot\n",
      /agent\.yaml:3: reserve is not a size such as 10Gi, or a share/,
    ],
    ["a value out of range", "overcommit: 0.5", /agent\.yaml:1: overcommit must be >= 1/],
    ["a level that there is not", "logLevel: loud", /agent\.yaml:1: logLevel must be one of trace, debug/],
    [
      "a pool without a directory",
      "group: g\npools:\n  - name: a\n",
      /agent\.yaml:3: pools\.0 needs directory/,
    ],
    ["broken YAML", "group: g\n\tx: 1\n", /agent\.yaml:2: /],
    ["a list", "- a\n", /agent\.yaml:1: the file must be object/],
  ] as const) {
    it(`tells the line of ${what}`, async () => {
      await expectFailure(configOf(LEAST, file), "INVALID_ARGUMENT", message);
    });
  }

  it("tells all that is wrong in a file, not the first alone", async () => {
    const error = await expectFailure(configOf(LEAST, "a: 1\nb: 2\nreserve: x\n"), "INVALID_ARGUMENT", /./);
    expect(error.message.split("\n")).to.have.lengthOf(3);
  });

  it("tells which option or variable is wrong", async () => {
    await expectFailure(
      configOf([...LEAST, "--reserve", "x"]),
      "INVALID_ARGUMENT",
      /^--reserve: reserve is not a size/,
    );
    environment("listen", "here");
    await expectFailure(
      configOf(LEAST),
      "INVALID_ARGUMENT",
      /^HYPERV_CSI_AGENT_LISTEN: listen is not HOST:PORT/,
    );
  });

  it("takes a flag's variable for what it says", async () => {
    environment("oneVolumePerInstance", "false");
    expect((await configOf(LEAST)).config.oneVolumePerInstance).to.equal(false);
    environment("oneVolumePerInstance", "true");
    expect((await configOf(LEAST)).config.oneVolumePerInstance).to.equal(true);
    environment("oneVolumePerInstance", "maybe");
    await expectFailure(configOf(LEAST), "INVALID_ARGUMENT", /^HYPERV_CSI_AGENT_ONE_VOLUME_PER_INSTANCE: /);
  });

  it("prints as a file that means the same", async () => {
    environment("keepDeleted", "7d");
    const args = [
      ...LEAST,
      "--pool",
      "fast=/f",
      "--vm",
      "11111111-2222-4333-8444-555555555555=web",
      "--one-volume-per-instance",
    ];
    const effective = await configOf(args, "reserve: 5%\n");
    const text = configText(effective);
    expect(parse(text)).to.deep.equal(effective.config);
    expect(text).to.match(/# from HYPERV_CSI_AGENT_KEEP_DELETED; .*\nkeepDeleted: 7d\n/);
    await writeFile(path("printed.yaml"), text);
    Reflect.deleteProperty(process.env, environmentName("keepDeleted"));
    expect((await configOf([], text)).config).to.deep.equal(effective.config);
  });

  it("takes any texts of options for what they are, or refuses them by name", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...configKeys), fc.string(), async (key, text) => {
        if (optionOf(key).isBoolean()) return;
        await configOf([...LEAST, `${optionOf(key).long}=${text}`]).then(
          ({ config }) => expect(config).to.have.property(key),
          (error: unknown) => expect((error as Error).message).to.contain(optionOf(key).long),
        );
      }),
    );
  });

  it("means what it says", async () => {
    const { config } = await configOf([
      ...LEAST,
      "--reserve",
      "5%",
      "--keep-deleted",
      "36h",
      "--group-alias",
      "old",
      "--listen",
      "[::1]:0",
    ]);
    const { engine, groups, listen } = await agentSettings(config, "test");
    expect(engine.reserveOf(1000n)).to.equal(50n);
    expect(engine.retentionMs).to.equal(36 * 3_600_000);
    expect(groups).to.deep.equal(["g", "old"]);
    expect(listen).to.deep.equal({ host: "::1", port: 0, isLoopback: true });
    const bytes = await agentSettings({ ...config, reserve: "10Gi" }, "test");
    expect(bytes.engine.reserveOf(1n)).to.equal(10n * 2n ** 30n);
  });

  it("refuses settings that don't go together", async () => {
    const { config } = await configOf(LEAST);
    await expectFailure(
      agentSettings({ ...config, tlsCertFile: "c" }, "t"),
      "INVALID_ARGUMENT",
      /given together/,
    );
    const pools = [...config.pools, { name: "default", directory: "/q" }];
    await expectFailure(
      agentSettings({ ...config, pools }, "t"),
      "INVALID_ARGUMENT",
      /two pools are called default/,
    );
    const share = { ...config, host: "hyperv" as const, workerCommand: ["worker"] };
    for (const directory of ["\\\\sofs\\volumes", "//sofs/volumes", "\\\\?\\UNC\\sofs\\volumes"]) {
      await expectFailure(
        agentSettings({ ...share, pools: [{ name: "far", directory }] }, "t"),
        "INVALID_ARGUMENT",
        /pool far is on a share, .*Cluster Shared Volume/,
      );
    }
    const volume = { name: "csv", directory: "C:\\ClusterStorage\\Volume1\\Volumes" };
    expect((await agentSettings({ ...share, pools: [volume] }, "t")).host.kind).to.equal("hyperv");
  });
});

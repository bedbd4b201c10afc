import { mkdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { type Said, whichAgent } from "../../../src/commands/operator/which-agent.ts";
import { rejection } from "../../support/failure.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

describe("operator's commands, which agent", () => {
  const path = temporaryDirectory();
  const outside = process.env["XDG_CONFIG_HOME"];
  before(async () => {
    await mkdir(path("config", "hyperv-csi"), { recursive: true });
    const profiles = {
      one: { url: "http://one", keyFile: "one.key" },
      two: { url: "http://two", keyFile: "/k" },
    };
    await writeFile(path("profiles"), JSON.stringify({ current: "one", profiles }));
    await writeFile(
      path("up.json"),
      JSON.stringify({ agentUrl: "http://up", apiKeyFile: "/up.key", group: "g" }),
    );
  });
  beforeEach(() => {
    process.env["XDG_CONFIG_HOME"] = path("none");
  });
  after(() => {
    if (outside === undefined) delete process.env["XDG_CONFIG_HOME"];
    else process.env["XDG_CONFIG_HOME"] = outside;
  });

  const place = (flags: Said, environment: Said = {}, up = path("none")) =>
    whichAgent(flags, environment, up);
  const inEnvironment: Said = { agentUrl: "http://env", apiKeyFile: "/env.key", caFile: "/env.ca" };

  it("is the one on the command line before all others, with files of the environment", async () => {
    const flags = { agentUrl: "http://flag", apiKeyFile: "/flag.key" };
    const environment = { profile: "two", profiles: path("profiles"), caFile: "/env.ca" };
    expect(await place(flags, environment, path("up.json"))).to.deep.equal({
      url: "http://flag",
      keyFile: "/flag.key",
      caFile: "/env.ca",
    });
    expect(await place({ agentUrl: "http://flag" }, inEnvironment)).to.include({ keyFile: "/env.key" });
  });

  it("is a profile on the command line before an address in the environment, whose key it does not get", async () => {
    const environment = { ...inEnvironment, profiles: path("profiles") };
    expect(await place({ profile: "two" }, environment)).to.deep.equal({ url: "http://two", keyFile: "/k" });
    expect(await place({ profiles: path("profiles") }, inEnvironment)).to.deep.equal({
      url: "http://one",
      keyFile: path("one.key"),
    });
    expect(await place({ profiles: path("profiles") }, { ...inEnvironment, profile: "two" })).to.include({
      url: "http://two",
    });
  });

  it("is the environment's before that of any file", async () => {
    const environment = { ...inEnvironment, profile: "two", profiles: path("profiles") };
    expect(await place({}, environment, path("up.json"))).to.deep.equal({
      url: "http://env",
      keyFile: "/env.key",
      caFile: "/env.ca",
    });
    expect(await place({ apiKeyFile: "/flag.key" }, environment)).to.include({ keyFile: "/flag.key" });
  });

  it("is a profile with other files on the command line", async () => {
    const flags = { profile: "two", apiKeyFile: "/flag.key", caFile: "/flag.ca" };
    expect(await place(flags, { profiles: path("profiles") })).to.deep.equal({
      url: "http://two",
      keyFile: "/flag.key",
      caFile: "/flag.ca",
    });
  });

  it("is the current profile of the usual file before a running up", async () => {
    process.env["XDG_CONFIG_HOME"] = path("config");
    const usual = path("config", "hyperv-csi", "config.yaml");
    expect(await place({}, {}, path("up.json"))).to.include({ url: "http://up" });
    await writeFile(usual, "profiles: {only: {url: http://usual, keyFile: keys/a}}");
    expect(await place({}, {}, path("up.json"))).to.deep.equal({
      url: "http://usual",
      keyFile: path("config", "hyperv-csi", "keys", "a"),
    });
  });

  it("is that of a running up when nothing else is said", async () => {
    expect(await place({}, {}, path("up.json"))).to.deep.equal({ url: "http://up", keyFile: "/up.key" });
    expect(await place({ apiKeyFile: "/flag.key" }, {}, path("up.json"))).to.include({
      keyFile: "/flag.key",
    });
    await writeFile(path("half.json"), '{"agentUrl": "http://up"');
    const error = await rejection(place({}, {}, path("half.json")));
    expect(error).to.have.property("code", "INVALID_ARGUMENT");
    expect(error).to.match(/half\.json:1: /);
  });

  const misuses: readonly (readonly [RegExp, Said, Said?])[] = [
    [
      /^which agent\? Name it with --agent-url .* file of profiles .*none\/hyperv-csi\/config\.yaml, which/,
      {},
    ],
    [/--agent-url and --profile both name an agent/, { agentUrl: "http://x", profile: "one" }],
    [/^--agent-url needs --api-key-file/, { agentUrl: "http://x" }],
    [/^HYPERV_CSI_AGENT_URL needs --api-key-file/, {}, { agentUrl: "http://x" }],
    ...[
      "x",
      "ftp://x",
      "http://",
      "http://x/path",
      "http://u:p@x",
      "http://x?q",
      "http://x#f",
      "http:// x",
    ].map((agentUrl) => [/is not an address such as https:/, { agentUrl, apiKeyFile: "/k" }] as const),
  ];
  for (const [message, flags, environment] of misuses) {
    it(`is not guessed: ${JSON.stringify(environment ?? flags)}`, async () => {
      const error = await rejection(place(flags, environment));
      expect(error).to.be.instanceOf(RangeError);
      expect((error as Error).message).to.match(message);
    });
  }
});

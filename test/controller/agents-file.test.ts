import { mkdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { readAgentsFile } from "../../src/controller/agents-file.ts";
import { startTestAgent, testCall, TEST_KEY, type TestAgent } from "../support/agent.ts";
import { expectFailure } from "../support/failure.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("controller agents file", () => {
  const path = temporaryDirectory();
  before(async () => {
    await mkdir(path("keys"));
    await writeFile(path("keys/east"), `${TEST_KEY}\n`);
  });

  async function read(content: string) {
    await writeFile(path("agents.yaml"), content);
    return await readAgentsFile(path("agents.yaml"));
  }
  const entry = (changes: object = {}) =>
    JSON.stringify({
      agents: [{ group: "east", url: "http://127.0.0.1:9810", apiKeyFile: "keys/east", ...changes }],
    });

  it("lists groups in the order of their names", async () => {
    const groups = await read(`
agents:
  - group: west
    url: https://west.example:9810/
    apiKeyFile: keys/east
    caFile: keys/east
  - group: east
    url: http://127.0.0.1:9810
    apiKeyFile: ${path("keys/east")}
`);
    expect(groups.all().map(({ name }) => name)).to.deep.equal(["east", "west"]);
    expect(groups.get("west")?.name).to.equal("west");
    expect(groups.get("north")).to.equal(undefined);
  });

  it("may be JSON", async () => {
    expect((await read(entry())).all().map(({ name }) => name)).to.deep.equal(["east"]);
  });

  const NO_LIST = /agents is not a list of at least one agent/;
  const wrong: readonly [what: string, content: string, message: RegExp][] = [
    ["is not YAML", "agents: [", /flow|sequence|expected/i],
    ["is empty", "", NO_LIST],
    ["is a list", "- group: east", NO_LIST],
    ["has no agents", "agents: []", NO_LIST],
    ["has no list", "{}", NO_LIST],
    ["has a map of agents", "agents: {east: {}}", NO_LIST],
    ["has an agent that is a text", "agents: [east]", /agents\[0\] is not an object/],
    ["has an agent that is null", "agents: [null]", /agents\[0\] is not an object/],
    ["has two agents of a group", entry().replace(/\[(.*)\]/, "[$1,$1]"), /east is there twice/],
    ["has a group that is no DNS label", entry({ group: "East_1" }), /"East_1" is not a DNS label/],
    ["has an agent without a group", entry({ group: undefined }), /agents\[0\]\.group is missing/],
    ["has an agent without a URL", entry({ url: undefined }), /agents\[0\]\.url is missing/],
    ["has an agent without a key", entry({ apiKeyFile: undefined }), /agents\[0\]\.apiKeyFile is missing/],
    ["has an empty key path", entry({ apiKeyFile: "" }), /agents\[0\]\.apiKeyFile/],
    [
      "has a field that does not exist",
      entry({ apiKey: "in clear text" }),
      /agents\[0\]\.apiKey is not known/,
    ],
    ["has a URL without http", entry({ url: "127.0.0.1:9810" }), /agents\[0\]\.url 127/],
    ["has a URL with a path", entry({ url: "http://h:1/api" }), /agents\[0\]\.url http/],
    ["has a group that is a number", entry({ group: 1 }), /agents\[0\]\.group is not a text/],
    ["has a CA that is a number", entry({ caFile: 1 }), /agents\[0\]\.caFile is not a text/],
  ];
  for (const [what, content, message] of wrong) {
    it(`is refused when it ${what}, with its path`, async () => {
      const error = await expectFailure(read(content), "INVALID_ARGUMENT", message);
      expect(error.message).to.contain(path("agents.yaml")).and.not.to.contain("in clear text");
    });
  }

  it("is refused when a file it names is missing or empty", async () => {
    await expectFailure(
      readAgentsFile(path("none.yaml")),
      "INVALID_ARGUMENT",
      /none\.yaml can't be read: ENOENT/,
    );
    await expectFailure(
      read(entry({ apiKeyFile: "keys/none" })),
      "INVALID_ARGUMENT",
      /keys\/none can't be read/,
    );
    await expectFailure(read(entry({ caFile: "keys/none" })), "INVALID_ARGUMENT", /keys\/none can't be read/);
    await writeFile(path("keys/empty"), " \n");
    await expectFailure(
      read(entry({ apiKeyFile: "keys/empty" })),
      "INVALID_ARGUMENT",
      /keys\/empty: the API key is empty/,
    );
  });

  it("never shows a key", async () => {
    await writeFile(path("keys/odd"), "secret-but-odd\nsecond line");
    const error = await expectFailure(read(entry({ apiKeyFile: "keys/odd" })), "INVALID_ARGUMENT");
    expect(error.message).to.contain("keys/odd").and.not.to.contain("secret");
  });
});

describe("controller agents file's agents", () => {
  const path = temporaryDirectory();
  let agent: TestAgent;
  before(async () => {
    agent = await startTestAgent(path("pool"), "east");
  });
  after(() => agent.close());

  it("are reached with the key in its file, without the white space around it", async () => {
    await writeFile(path("key"), `  ${TEST_KEY}\r\n`);
    await writeFile(path("agents.yaml"), `agents: [{group: east, url: "${agent.url}/", apiKeyFile: key}]`);
    const groups = await readAgentsFile(path("agents.yaml"));
    const { MinimumVolumeSize } = await groups.get("east")!.agent.capacity(undefined, testCall());
    expect(MinimumVolumeSize).to.equal(6 * 2 ** 20);
  });

  it("refuse another key", async () => {
    await writeFile(path("other"), "another-key-0123456789");
    await writeFile(path("agents.yaml"), `agents: [{group: east, url: "${agent.url}", apiKeyFile: other}]`);
    const groups = await readAgentsFile(path("agents.yaml"));
    await expectFailure(groups.get("east")!.agent.capacity(undefined, testCall()), "PERMISSION_DENIED");
  });
});

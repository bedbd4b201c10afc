import { mkdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { generate } from "selfsigned";
import { readAddress, readAgentsFile } from "../../src/controller/agents-file.ts";
import { TEST_KEY } from "../support/agent.ts";
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

  it("names agents, and their files beside it", async () => {
    const entries = await read(`
agents:
  - group: west
    url: https://west.example:9810/
    apiKeyFile: keys/east
    caFile: ca.pem
  - group: east
    url: http://127.0.0.1:9810
    apiKeyFile: ${path("keys/east")}
`);
    const apiKeyFile = path("keys/east");
    expect(entries).to.deep.equal([
      { group: "west", url: "https://west.example:9810", apiKeyFile, caFile: path("ca.pem") },
      { group: "east", url: "http://127.0.0.1:9810", apiKeyFile },
    ]);
  });

  it("may be JSON", async () => {
    expect((await read(entry())).map(({ group }) => group)).to.deep.equal(["east"]);
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
    ["has two agents of a group", entry().replace(/\[(.*)\]/, "[$1,$1]"), /group east is there twice/],
    [
      "has two groups behind one URL",
      entry().replace(
        /\[(.*)\]/,
        (_, one: string) => `[${one},${one.replace("east", "west").replace("9810", "9810/")}]`,
      ),
      /url http:\/\/127\.0\.0\.1:9810 is there twice/,
    ],
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

  it("is refused when it is missing", async () => {
    const missing = readAgentsFile(path("none.yaml"));
    await expectFailure(missing, "INVALID_ARGUMENT", /none\.yaml can't be read: ENOENT/);
  });
});

describe("controller agents file's keys and CAs", () => {
  const path = temporaryDirectory();
  const address = async (key: string, ca?: string) => {
    await writeFile(path("key"), key);
    if (ca !== undefined) await writeFile(path("ca"), ca);
    const caFile = ca === undefined ? {} : { caFile: path("ca") };
    return await readAddress({ group: "east", url: "http://h:1", apiKeyFile: path("key"), ...caFile });
  };

  it("are read without the white space around a key", async () => {
    expect(await address(` ${TEST_KEY}\r\n`)).to.deep.equal({ url: "http://h:1", apiKey: TEST_KEY });
    const { cert } = await generate();
    expect((await address(TEST_KEY, cert)).ca).to.equal(cert);
  });

  it("are refused when they are missing, empty or something else, and never shown", async () => {
    const missing = { group: "east", url: "http://h:1", apiKeyFile: path("none") };
    await expectFailure(readAddress(missing), "INVALID_ARGUMENT", /none can't be read/);
    await expectFailure(address(" \n"), "INVALID_ARGUMENT", /key: the API key is empty/);
    const odd = await expectFailure(
      address("secret-but-odd\nsecond line"),
      "INVALID_ARGUMENT",
      /key: an API key is/,
    );
    expect(odd.message).not.to.contain("secret");
    await expectFailure(
      address(TEST_KEY, "no certificate"),
      "INVALID_ARGUMENT",
      /ca: it is not a certificate/,
    );
    const { cert } = await generate();
    const cut = `${cert.slice(0, 200)}\n-----END CERTIFICATE-----\n`;
    await expectFailure(address(TEST_KEY, cut), "INVALID_ARGUMENT", /ca: it is not a certificate/);
  });
});

import { stat, writeFile } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { keyCheck, readApiKey, readOrMakeApiKey } from "../../../src/agent/rest/api-key.ts";
import { TEST_KEY } from "../../support/agent.ts";
import { expectFailure } from "../../support/failure.ts";
import { expectError } from "../../support/http.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { restAgent, SIZE } from "./fixture.ts";

const PATHS = [
  ["GET", "/"],
  ["GET", "/volumes"],
  ["GET", "/capacity"],
  ["GET", "/vms"],
  ["GET", "/metrics"],
  ["GET", "/no/such/route"],
  ["GET", "/healthz/"],
  ["GET", "/healthz/../volumes"],
  ["GET", "//healthz"],
  ["GET", "/healthz?x"],
  ["HEAD", "/volumes"],
  ["OPTIONS", "/volumes"],
  ["POST", `/volume/stolen?size=${SIZE}`],
  ["DELETE", "/volume/x"],
  ["GET", "/volume/%zz"],
] as const;

describe("rest API key", () => {
  const rest = restAgent();
  const wrong = [
    `${TEST_KEY}x`,
    TEST_KEY.slice(1),
    TEST_KEY.toUpperCase(),
    "",
    "x",
    `${TEST_KEY}, ${TEST_KEY}`,
  ];

  for (const [method, path] of PATHS) {
    it(`is needed for ${method} ${path}: 401 without, 403 with another, nothing else told`, async () => {
      const without = await rest.send(method, path, { key: null });
      expect(without.status).to.equal(401);
      if (method !== "HEAD") expectError(without, 401, 16, /API key/);
      for (const key of wrong) {
        const answer = await rest.send(method, path, { key });
        expect(answer.status).to.equal(403);
        if (method === "HEAD") continue;
        expectError(answer, 403, 7);
        expect((answer.json as { message: string }).message, "the same words").to.equal(
          (without.json as { message: string }).message,
        );
        if (key.length > 1) expect(answer.text, "no key in an answer").not.to.contain(key);
      }
    });
  }

  it("is not taken from the query or another header", async () => {
    const headers = { Authorization: `Bearer ${TEST_KEY}` };
    expectError(await rest.send("GET", `/volumes?X-Api-Key=${TEST_KEY}`, { key: null, headers }), 401, 16);
  });

  it("lets a refused call change nothing", async () => {
    expect((await rest.send("GET", "/volumes")).json).to.deep.equal({ volumes: [], next_token: "" });
  });

  for (const path of ["/healthz", "/readyz"]) {
    it(`is not needed for ${path}`, async () => {
      const { status, json } = await rest.send("GET", path, { key: null });
      expect([status, json]).to.deep.equal([200, { status: "ok" }]);
    });
  }

  it("counts refused calls", async () => {
    const { text } = await rest.send("GET", "/metrics");
    const [, count] = /^hyperv_csi_agent_unauthorized_total (\d+)$/m.exec(text) ?? [];
    expect(Number(count)).to.equal(PATHS.length * (wrong.length + 1) + 1);
  });
});

describe("rest API key check", () => {
  it("accepts exactly its key", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, sent) => {
        expect(keyCheck(key)(key)).to.equal(true);
        expect(keyCheck(key)(sent)).to.equal(key === sent);
      }),
    );
  });
});

describe("rest API key file", () => {
  const path = temporaryDirectory();

  it("is read without the white space around the key", async () => {
    await writeFile(path("key"), "\n  0123456789abcdef \r\n");
    expect(await readApiKey(path("key"))).to.equal("0123456789abcdef");
  });

  it("is refused when it is missing or too short, without showing it", async () => {
    await expectFailure(readApiKey(path("none")), "FAILED_PRECONDITION", /none does not exist/);
    await writeFile(path("short"), "0123456789abcde\n");
    const error = await expectFailure(readApiKey(path("short")), "FAILED_PRECONDITION", /shorter than 16/);
    expect(error.message).not.to.contain("0123456789");
  });

  it("is made once, for its owner only", async () => {
    const key = await readOrMakeApiKey(path("made"));
    expect(key).to.match(/^[0-9a-f]{64}$/);
    expect((await stat(path("made"))).mode & 0o777).to.equal(0o600);
    expect(await readOrMakeApiKey(path("made"))).to.equal(key);
    expect(await readOrMakeApiKey(path("other"))).not.to.equal(key);
  });
});

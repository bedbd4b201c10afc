import { expect } from "chai";
import { TEST_KEY } from "../../support/agent.ts";
import { expectError } from "../../support/http.ts";
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
    const headers = { Authorization: `Basic ${TEST_KEY}`, "Api-Key": TEST_KEY };
    expectError(await rest.send("GET", `/volumes?X-Api-Key=${TEST_KEY}`, { key: null, headers }), 401, 16);
  });

  it("is taken as a bearer token too, in any case of that word", async () => {
    for (const Authorization of [`Bearer ${TEST_KEY}`, `bearer  ${TEST_KEY}`]) {
      const answer = await rest.send("GET", "/volumes", { key: null, headers: { Authorization } });
      expect(answer.status, answer.text).to.equal(200);
    }
  });

  it("is refused when two different ones come at once", async () => {
    const headers = { Authorization: `Bearer ${TEST_KEY}x` };
    expectError(await rest.send("GET", "/volumes", { headers }), 403, 7);
    expectError(
      await rest.send("GET", "/volumes", {
        key: `${TEST_KEY}x`,
        headers: { Authorization: `Bearer ${TEST_KEY}` },
      }),
      403,
      7,
    );
  });

  it("is asked for in the words of RFC 6750", async () => {
    const answer = await fetch(`${rest.agent.url}/volumes`);
    expect([answer.status, answer.headers.get("www-authenticate")]).to.deep.equal([401, "Bearer"]);
  });

  it("lets a refused call change nothing", async () => {
    expect((await rest.send("GET", "/volumes")).json).to.deep.equal({ volumes: [], next_token: "" });
  });

  for (const path of ["/healthz", "/healthz?x", "/readyz", "/openapi.json", "/docs"]) {
    it(`is not needed for ${path}`, async () => {
      expect((await rest.send("GET", path, { key: null })).status).to.equal(200);
    });
  }

  it("counts refused calls by reason", async () => {
    const { text } = await rest.send("GET", "/metrics");
    const count = (reason: string) =>
      Number(
        new RegExp(`^hyperv_csi_agent_unauthorized_total\\{reason="${reason}"\\} (\\d+)$`, "m").exec(
          text,
        )?.[1],
      );
    expect(count("missing-key")).to.equal(PATHS.length + 2);
    expect(count("wrong-key")).to.equal(PATHS.length * wrong.length + 2);
  });
});

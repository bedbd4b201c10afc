import { readdir } from "node:fs/promises";
import { expect } from "chai";
import { startTestAgent, testCall, type TestAgent } from "../../support/agent.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { expectError, http } from "../../support/http.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { SIZE, UNKNOWN } from "./fixture.ts";
import { envelopeOf } from "./v1/fixture.ts";

const WRONG = /^the agent at this address serves group west, not east$/;

describe("a request for the agent of a group", () => {
  const path = temporaryDirectory();
  let agent: TestAgent;
  before(async () => {
    agent = await startTestAgent(path("pool"), ["west", "old-west"]);
  });
  after(() => agent.close());
  const send = (group: string, method: string, target: string, key?: string | null) =>
    http(agent.url, method, target, {
      headers: { "X-Expected-Group": group },
      ...(key === undefined ? {} : { key }),
    });
  const state = async () => ({
    files: await readdir(agent.directory, { recursive: true }),
    attachments: [...agent.host.attachments],
    volumes: (await agent.client.listVolumes(0, "", testCall())).volumes,
  });

  it("is refused by another group's with 421, and changes nothing", async () => {
    const volume = await agent.client.createVolume("there", { size: BigInt(SIZE) }, testCall());
    const before = await state();
    for (const [method, target] of [
      ["POST", `/volume/new?size=${SIZE}`],
      ["POST", `/volume/new/size/${SIZE}`],
      ["GET", `/volume/${volume.id}`],
      ["DELETE", `/volume/${volume.id}`],
      ["DELETE", `/volume/${UNKNOWN}`],
      ["PUT", `/volume/${volume.id}?size=${2 * SIZE}`],
      ["PUT", `/attachment/node/${fakeVm(1).id}/volume/${volume.id}`],
      ["DELETE", `/attachment/node/${fakeVm(1).id}/volume/${UNKNOWN}`],
      ["POST", `/snapshot/cut?volume=${volume.id}`],
      ["DELETE", `/snapshot/${UNKNOWN}`],
      ["POST", "/doctor/fix"],
      ["GET", "/volumes"],
      ["GET", "/capacity"],
      ["GET", "/healthz"],
      ["GET", "/readyz"],
      ["GET", "/openapi.json"],
      ["GET", "/no-such-route"],
      ["GET", "/volume/%"],
    ] as const) {
      expectError(await send("east", method, target), 421, 14, WRONG);
    }
    expect(await state()).to.deep.equal(before);
  });

  it("is refused in the form of the Volumes API v1 there", async () => {
    const before = await state();
    for (const [method, target] of [
      ["GET", "/v1/volumes"],
      ["DELETE", `/v1/volumes/${UNKNOWN}`],
      ["POST", "/v1/volumes"],
      ["GET", "/v1/no-such-route"],
      ["GET", "/v1/%"],
    ] as const) {
      const answer = await send("east", method, target);
      const { status, message, data } = envelopeOf(answer);
      expect([answer.status, status, data], target).to.deep.equal([421, "error", { volumes: [] }]);
      expect(message, target).to.match(WRONG);
    }
    expect(await state()).to.deep.equal(before);
  });

  it("is refused before its key is looked at: the other agent has other keys", async () => {
    for (const key of [null, "the-key-of-another-agent"])
      expectError(await send("east", "GET", "/volumes", key), 421, 14, WRONG);
    expectError(await send("west", "GET", "/volumes", null), 401, 16);
  });

  it("is served under the agent's group and each of its aliases, and without a group", async () => {
    for (const group of ["west", "old-west"]) {
      for (const target of ["/volumes", "/healthz", "/v1/volumes"])
        expect((await send(group, "GET", target)).status, `${group} ${target}`).to.equal(200);
    }
    for (const target of ["/volumes", "/healthz", "/v1/volumes"])
      expect((await http(agent.url, "GET", target)).status, target).to.equal(200);
  });

  it("is refused when what it names is no group, and quoted no longer than a name can be", async () => {
    for (const group of ["", "WEST", "wes", "west, west", "west,east", "*", "__proto__"])
      expectError(await send(group, "DELETE", `/volume/${UNKNOWN}`), 421, 14, /serves group west, not/);
    expectError(await send("x".repeat(5000), "GET", "/healthz"), 421, 14, /not x{64}$/);
  });
});

import { expect } from "chai";
import { startTestAgent, TEST_KEY, type TestAgent, testCall } from "../../support/agent.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { fuzz, whyNoFuzzer } from "./schemathesis.ts";

/** A time box per run, which `FUZZ_SECONDS` makes longer. */
const SECONDS = Number(process.env["FUZZ_SECONDS"] ?? 45);
const SIZE = { size: 8n << 20n };

describe("requests made from the API's own description", function () {
  this.timeout(SECONDS * 1000 + 600_000);
  const path = temporaryDirectory();
  let agent: TestAgent;

  before(async function () {
    const reason = await whyNoFuzzer();
    if (reason !== undefined) {
      if (process.env["CI"]) throw new Error(reason);
      console.log(`      skipped: ${reason}`);
      this.skip();
    }
    agent = await startTestAgent(path("pool"));
  });
  after(() => agent.close());

  /** Things that are there, and stay: a volume that is protected, one that is attached, a group's snapshot. */
  async function things(name: string) {
    const kept = await agent.client.createVolume(
      `${name}-kept`,
      { ...SIZE, attributes: { deleteProtection: "true" } },
      testCall(),
    );
    const attached = await agent.client.createVolume(`${name}-attached`, SIZE, testCall());
    await agent.client.attach(fakeVm(1).id, attached.id, false, testCall());
    return { kept, attached };
  }

  for (const [face, paths] of [
    ["volume service API", "^/(?!v1)"],
    ["Volumes API v1", "^/v1/"],
  ] as const) {
    it(`are never answered with a fault, or outside it: ${face}, all made up`, async () => {
      const run = { url: agent.url, key: TEST_KEY, seconds: SECONDS, paths, values: {}, directory: path() };
      const { ok, report, cases } = await fuzz(run);
      console.log(`      ${cases} requests`);
      expect(ok, report).to.equal(true);
      expect(cases).to.be.greaterThan(100);
    });

    it(`are never answered with a fault, or outside it: ${face}, of things that are there`, async () => {
      const { kept, attached } = await things(face.replaceAll(" ", "-"));
      const volumes = [kept.id, attached.id, kept.name];
      const values = {
        volid: volumes,
        uuid: volumes,
        name: volumes,
        nodeid: [fakeVm(1).id, fakeVm(2).id],
        volume: volumes,
      };
      const run = { url: agent.url, key: TEST_KEY, seconds: SECONDS, paths, values, directory: path() };
      const { ok, report, cases } = await fuzz(run);
      console.log(`      ${cases} requests`);
      expect(ok, report).to.equal(true);
      expect(cases).to.be.greaterThan(100);
    });
  }
});

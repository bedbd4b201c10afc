import { expect } from "chai";
import { type AccessKey, digestOf, type Role } from "../../../src/agent/access/access-key.ts";
import { KeyRing } from "../../../src/agent/access/key-ring.ts";
import { defaultRestSettings } from "../../../src/agent/rest/server.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { restServers } from "../../support/rest-server.ts";
import { type EngineRig, engineRigs } from "../../support/engine-rig.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { http } from "../../support/http.ts";

const keyOf = (role: Role) => `the-${role}-key-0123456789`;
const keys: AccessKey[] = (["read", "operate", "admin"] as const).map((role) => ({
  name: `${role}er`,
  role,
  digest: digestOf(keyOf(role)),
}));
const ID = "11111111-2222-4333-8444-555555555555";

describe("access to the REST API", () => {
  const serveRest = restServers();
  const newRig = engineRigs();
  const { log, lines } = recordedLog();
  let rig: EngineRig;
  let url: string;
  const ring = new KeyRing(keys);

  /** A server of its own, since failures are counted per server. */
  async function serve(): Promise<string> {
    return (await serveRest(rig.engine, defaultRestSettings, ring, log)).url;
  }

  before(async () => {
    rig = await newRig();
    url = await serve();
  });

  const cases: [Role, string, string][] = [
    ["read", "GET", "/volumes"],
    ["read", "GET", "/capacity"],
    ["read", "GET", "/metrics"],
    ["read", "GET", "/doctor"],
    ["operate", "POST", "/volume/a?size=8388608"],
    ["operate", "PUT", `/volume/${ID}?size=8388608`],
    ["operate", "PATCH", `/volume/${ID}`],
    ["operate", "PUT", `/attachment/node/${fakeVm(1).id}/volume/${ID}`],
    ["operate", "DELETE", `/attachment/node/${fakeVm(1).id}/volume/${ID}`],
    ["operate", "DELETE", `/volume/${ID}`],
    ["operate", "POST", `/snapshot/a?volume=${ID}`],
    ["operate", "DELETE", `/snapshotgroup/${ID}`],
    ["admin", "POST", "/doctor/fix"],
    ["admin", "POST", "/volume/a/import?file=x.vhdx"],
    ["admin", "POST", `/volume/${ID}/export?file=x.vhdx`],
    ["admin", "POST", `/volume/${ID}/move?pool=default`],
  ];
  for (const [needed, method, target] of cases) {
    it(`needs the role ${needed} for ${method} ${target}`, async () => {
      for (const { role } of keys) {
        const { status, text } = await http(url, method, target, { key: keyOf(role) });
        const allowed =
          keys.findIndex((key) => key.role === role) >= keys.findIndex((key) => key.role === needed);
        expect(status === 403, `${role}: ${status} ${text}`).to.equal(!allowed);
        if (!allowed) expect(text).to.contain(`key ${role}er has the role ${role}; this needs ${needed}`);
      }
    });
  }

  it("takes other keys without a restart, and no longer those before", async () => {
    const other = "another-key-0123456789";
    ring.replace([{ name: "other", role: "read", digest: digestOf(other) }]);
    expect((await http(url, "GET", "/volumes", { key: other })).status).to.equal(200);
    expect((await http(url, "GET", "/volumes", { key: keyOf("admin") })).status).to.equal(403);
    ring.replace(keys);
    expect((await http(url, "GET", "/volumes", { key: keyOf("admin") })).status).to.equal(200);
  });

  it("makes an address wait that guesses, but no neighbour that was right before", async () => {
    const own = await serve();
    expect((await http(own, "GET", "/volumes", { key: keyOf("operate") })).status).to.equal(200);
    for (let guess = 0; guess < 10; guess++) {
      expect((await http(own, "GET", "/volumes", { key: `guess-${guess}` })).status).to.equal(403);
    }
    const answer = await fetch(`${own}/volumes`, { headers: { "X-Api-Key": "guess-10" } });
    expect(answer.status).to.equal(429);
    expect(Number(answer.headers.get("retry-after"))).to.be.within(1, 60);
    expect(await answer.json()).to.have.property("code", 14);
    const lucky = await http(own, "GET", "/volumes", { key: keyOf("admin") });
    expect(lucky.status, "a right guess is not told from a wrong one").to.equal(429);
    expect((await http(own, "GET", "/volumes", { key: keyOf("operate") })).status).to.equal(200);
    expect((await http(own, "GET", "/healthz", { key: null })).status).to.equal(200);
  });

  it("counts anew when the keys change: a client may have had the new one too early", async () => {
    const own = await serve();
    const early = "the-new-key-0123456789";
    for (let tries = 0; tries < 11; tries++) await http(own, "GET", "/volumes", { key: early });
    expect((await http(own, "GET", "/volumes", { key: early })).status).to.equal(429);
    ring.replace([...keys, { name: "new", role: "read", digest: digestOf(early) }]);
    expect((await http(own, "GET", "/volumes", { key: early })).status).to.equal(200);
    ring.replace(keys);
  });

  it("logs a refusal with its address, and no key", async () => {
    await http(url, "GET", "/volumes", { key: "a-wrong-key-abcdef" });
    const refusals = lines().filter(({ msg }) => msg === "a REST call was refused");
    expect(refusals.at(-1)).to.include({
      address: "127.0.0.1",
      method: "GET",
      route: "/volumes",
      reason: "wrong-key",
    });
    const all = JSON.stringify(lines());
    for (const secret of ["a-wrong-key", "guess-3", ...keys.map(({ role }) => keyOf(role))]) {
      expect(all).not.to.contain(secret);
    }
  });
});

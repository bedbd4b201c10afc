import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { Registry } from "prom-client";
import { lookForOrphans } from "../../../../src/controller/kubernetes/orphans/look-for-orphans.ts";
import type { Orphan } from "../../../../src/controller/kubernetes/orphans/orphan.ts";
import { orphanReport } from "../../../../src/controller/kubernetes/orphans/orphan-report.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { StatusError } from "../../../../src/kit/errors.ts";
import { testApi } from "../../../support/api-server/test-api.ts";
import { refused } from "../../../support/refused.ts";
import { simulatedGroups } from "../../../support/simulated-groups.ts";
import { until } from "../../../support/until.ts";

const DRIVER = "hyperv.csi.dev";
const PVS = "/api/v1/persistentvolumes";
const CONTENTS = "/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents";

describe("orphans of all groups and a cluster", () => {
  const rig = simulatedGroups(["rack-1", "rack-2"]);
  const test = testApi();
  const parts = () => ({ api: test.api, groups: rig.groups, driverName: DRIVER });
  const look = () => lookForOrphans(parts(), AbortSignal.timeout(30_000));

  const putPv = (name: string, volumeHandle: string, driver = DRIVER) =>
    test.server.put(PVS, { metadata: { name }, spec: { csi: { driver, volumeHandle } } });
  const shown = (orphans: readonly Orphan[]) => orphans.map(({ kind, name }) => `${kind} ${name}`);

  beforeEach(() => {
    for (const name of ["rack-1", "rack-2"]) {
      const agent = rig.agent(name);
      agent.volumes.clear();
      agent.answer = undefined;
      agent.hangs = false;
    }
  });

  it("are told from both sides, and what another driver names is none of ours", async () => {
    const [used, alone] = [rig.agent("rack-1").add("used"), rig.agent("rack-2").add("alone")];
    const gone = `rack-2/${randomUUID()}`;
    putPv("pv-used", `rack-1/${used.id}`);
    putPv("pv-foreign", `rack-2/${alone.id}`, "other.csi.dev");
    putPv("pv-gone", gone);
    expect(await look()).to.deep.equal([
      { kind: "volume-without-pv", group: "rack-2", name: "alone", handle: `rack-2/${alone.id}` },
      { kind: "pv-without-volume", group: "rack-2", name: "pv-gone", handle: gone },
    ]);
  });

  it("are found in lists of many pages", async () => {
    const agent = rig.agent("rack-1");
    for (let index = 0; index < 1203; index++) {
      const { id } = agent.add(`v-${index}`);
      if (index !== 700) putPv(`pv-${index}`, `rack-1/${id}`);
    }
    expect(shown(await look())).to.deep.equal(["volume-without-pv v-700"]);
    expect(test.server.seen("GET", /persistentvolumes$/)).to.have.length(3);
  });

  it("are none while a group is silent: what it has is not missing", async () => {
    putPv("pv", `rack-2/${rig.agent("rack-2").add("v").id}`);
    rig.agent("rack-2").answer = () => {
      throw new StatusError("UNAVAILABLE", "the pool is down");
    };
    await refused(look(), "UNAVAILABLE", "group rack-2");
  });

  it("are not those that the agent's list leaves out with a pool that is down", async () => {
    const id = randomUUID();
    putPv("pv", `rack-1/${id}`);
    rig.agent("rack-1").answer = (_, path) => {
      if (path === `/volume/${id}`)
        throw new StatusError("UNAVAILABLE", "pool b has not been read since the start");
      return undefined;
    };
    await refused(look(), "UNAVAILABLE", "has not been read");
    rig.agent("rack-1").answer = undefined;
    expect(shown(await look())).to.deep.equal(["pv-without-volume pv"]);
  });

  it("are none of a group that is not configured: nobody can tell", async () => {
    putPv("pv", `rack-9/${randomUUID()}`);
    expect(await look()).to.deep.equal([]);
    putPv("pv-bare", randomUUID());
    expect(shown(await look())).to.deep.equal(["pv-without-volume pv-bare"]);
  });

  it("are snapshots and their contents, too, unless the cluster knows none", async () => {
    const snapshot = {
      name: "snap",
      id: randomUUID(),
      size: 1,
      pool: "default",
      created_at: "",
      volume: null,
    };
    const listed = { ...snapshot, group: null, ready_to_use: true, labels: {} };
    rig.agent("rack-1").answer = (_, path) => {
      if (path === "/snapshots") return { snapshots: [listed], next_token: "" };
      if (path.startsWith("/snapshot/")) throw new StatusError("NOT_FOUND", "no such snapshot");
      return undefined;
    };
    expect(shown(await look())).to.deep.equal(["snapshot-without-content snap"]);
    test.server.put(CONTENTS, {
      metadata: { name: "content" },
      spec: { driver: DRIVER, source: { volumeHandle: "x" } },
      status: { snapshotHandle: `rack-1/${snapshot.id}` },
    });
    test.server.put(CONTENTS, {
      metadata: { name: "given" },
      spec: { driver: DRIVER, source: { snapshotHandle: `rack-1/${randomUUID()}` } },
    });
    test.server.put(CONTENTS, {
      metadata: { name: "uncut" },
      spec: { driver: DRIVER, source: { volumeHandle: "x" } },
    });
    expect(shown(await look())).to.deep.equal(["content-without-snapshot given"]);
    test.server.meddle = ({ path }, response) => {
      if (!path.startsWith("/apis/snapshot")) return false;
      response.writeHead(404).end("404 page not found\n");
      return true;
    };
    expect(await look()).to.deep.equal([]);
  });

  it("are counted while the task runs, once they have lasted, and nothing is changed", async () => {
    const { id } = rig.agent("rack-1").add("alone");
    const registry = new Registry();
    const stop = new AbortController();
    const run = orphanReport(parts(), registry, silentLog(), { every: 20, grace: 60 }).run(stop.signal);
    const counted = async (kind: string, group: string, count: number) =>
      (await registry.metrics()).includes(
        `hyperv_csi_controller_orphans{kind="${kind}",group="${group}"} ${count}\n`,
      );
    expect(await registry.metrics()).not.to.match(/^hyperv_csi/m);
    await until(() => counted("volume-without-pv", "rack-1", 1), "the volume to be counted");
    expect(await counted("volume-without-pv", "rack-2", 0)).to.equal(true);
    expect(await registry.metrics()).to.match(
      /^hyperv_csi_controller_orphans_look_timestamp_seconds \d{10}/m,
    );

    // A look that could not see all leaves the count as it is.
    const looks = () => rig.agent("rack-2").seen.length;
    rig.agent("rack-2").answer = () => {
      throw new StatusError("UNAVAILABLE", "gone");
    };
    putPv("pv", `rack-1/${id}`);
    const before = looks();
    await until(() => looks() > before + 4, "looks in vain");
    expect(await counted("volume-without-pv", "rack-1", 1)).to.equal(true);
    rig.agent("rack-2").answer = undefined;
    await until(() => counted("volume-without-pv", "rack-1", 0), "the volume to have its PV");
    stop.abort();
    await run;
    expect(await registry.metrics(), "only the replica that leads tells").not.to.match(/^hyperv_csi/m);
    const changes = [...rig.agents.values()].flatMap(({ seen }) =>
      seen.filter((each) => !each.startsWith("GET ")),
    );
    expect(changes).to.deep.equal([]);
    expect(test.server.asked.filter(({ method }) => method !== "GET")).to.deep.equal([]);
  });
});

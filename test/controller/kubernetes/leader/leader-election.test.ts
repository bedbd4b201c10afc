import { expect } from "chai";
import {
  electLeader,
  type LeaseTimes,
} from "../../../../src/controller/kubernetes/leader/leader-election.ts";
import type { ApiClient } from "../../../../src/controller/kubernetes/api/api-client.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { testApi } from "../../../support/api-server/test-api.ts";
import { until } from "../../../support/until.ts";

const LEASES = "/apis/coordination.k8s.io/v1/namespaces/storage/leases";
const PATH = `${LEASES}/controller`;
const quick: LeaseTimes = { lease: 1500, renew: 1000, retry: 50 };

/** A process that competes, and what it was told. */
class Replica {
  readonly told: boolean[] = [];
  works = 0;
  readonly #stop = new AbortController();
  readonly ended: Promise<void>;

  constructor(api: ApiClient, holder: string, times = quick) {
    const election = {
      name: { namespace: "storage", name: "controller", holder },
      times,
      onChange: (leads: boolean) => void this.told.push(leads),
    };
    const lead = async (signal: AbortSignal) => {
      this.works++;
      await new Promise((resolve) => {
        signal.addEventListener("abort", resolve, { once: true });
      });
      this.works--;
    };
    this.ended = electLeader(api, election, lead, silentLog(), this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }
}

describe("leader election", () => {
  const test = testApi();
  const replicas: Replica[] = [];

  async function start(holder: string, times?: LeaseTimes): Promise<Replica> {
    const replica = new Replica(await test.another(), holder, times);
    replicas.push(replica);
    return replica;
  }

  const spec = () => test.server.store.get(PATH)["spec"] as Record<string, unknown>;

  afterEach(async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
  });

  it("makes the lease, renews it, and gives it back at the end", async () => {
    const one = await start("one");
    await until(() => one.works === 1, "one leads");
    expect(spec()).to.include({ holderIdentity: "one", leaseDurationSeconds: 2, leaseTransitions: 0 });
    const first = spec()["renewTime"];
    expect(first).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    await until(() => spec()["renewTime"] !== first, "the lease is renewed");
    expect(spec()["acquireTime"]).to.equal(first);
    await one.stop();
    expect(one.works).to.equal(0);
    expect(spec()["holderIdentity"]).to.equal("");
    expect(one.told).to.deep.equal([true, false]);
  });

  it("lets one work at a time, the next when the first has gone", async () => {
    const all = await Promise.all(["one", "two", "three"].map((name) => start(name)));
    await until(() => all.some(({ works }) => works === 1), "one leads");
    for (let rounds = 0; rounds < 3; rounds++) {
      const leaders = all.filter(({ works }) => works > 0);
      expect(leaders).to.have.lengthOf(1);
      const [leader] = leaders;
      await leader?.stop();
      if (rounds < 2)
        await until(() => all.some((each) => each !== leader && each.works === 1), "another leads");
    }
    expect(all.map(({ told }) => told)).to.deep.equal([
      [true, false],
      [true, false],
      [true, false],
    ]);
    expect(spec()["leaseTransitions"]).to.equal(2);
  });

  it("waits for the time that a silent holder named, by its own clock", async () => {
    test.server.put(LEASES, {
      metadata: { name: "controller", namespace: "storage" },
      // A clock that is far ahead is not believed.
      spec: { holderIdentity: "gone", leaseDurationSeconds: 1, renewTime: "2999-01-01T00:00:00.000000Z" },
    });
    const began = performance.now();
    const one = await start("one");
    await until(() => one.works === 1, "one leads");
    expect(performance.now() - began).to.be.greaterThan(999);
    expect(spec()).to.include({ holderIdentity: "one", leaseTransitions: 1 });
  });

  it("takes what nobody holds at once, and leaves alone what others wrote beside it", async () => {
    test.server.put(LEASES, {
      metadata: { name: "controller", namespace: "storage", labels: { team: "storage" } },
      spec: { holderIdentity: "", preferredHolder: "x" },
    });
    const one = await start("one");
    await until(() => one.works === 1, "one leads");
    expect(spec()).to.include({ holderIdentity: "one", preferredHolder: "x" });
    expect(test.server.store.get(PATH).metadata.labels).to.deep.equal({ team: "storage" });
  });

  it("goes on when somebody else has changed the object meanwhile", async () => {
    const one = await start("one");
    await until(() => one.works === 1, "one leads");
    const lease = test.server.store.get(PATH);
    test.server.put(LEASES, { ...lease, metadata: { ...lease.metadata, labels: { seen: "true" } } });
    const before = test.server.seen("PUT", /leases/).length;
    await until(() => test.server.seen("PUT", /leases/).length > before + 3, "it is renewed");
    expect(one.told).to.deep.equal([true]);
    expect(test.server.store.get(PATH).metadata.labels).to.deep.equal({ seen: "true" });
  });

  it("stops at once when another has the lease", async () => {
    const one = await start("one");
    await until(() => one.works === 1, "one leads");
    const lease = test.server.store.get(PATH);
    test.server.put(LEASES, { ...lease, spec: { ...spec(), holderIdentity: "thief" } });
    await until(() => one.works === 0, "one stops");
    expect(one.told).to.deep.equal([true, false]);
  });

  it("stops within its own time when the API server is gone, and works again when it is back", async () => {
    const one = await start("one");
    await until(() => one.works === 1, "one leads");
    await test.server.close();
    await until(() => one.works === 0, "one stops");
    await test.server.listen();
    await until(() => one.works === 1, "one leads again");
  });

  it("stops, too, when the API server takes requests and never answers", async () => {
    const one = await start("one");
    await until(() => one.works === 1, "one leads");
    test.server.meddle = () => true;
    await until(() => one.works === 0, "one stops");
    expect(one.told).to.deep.equal([true, false]);
  });

  it("never lets two work, whoever is cut off from the API server", async () => {
    const both = [await start("one"), await start("two")] as const;
    let most = 0;
    for (let round = 0; round < 2; round++) {
      await until(() => both.some(({ works }) => works === 1), "one leads");
      const name = spec()["holderIdentity"];
      test.server.meddle = ({ body }) => {
        const asked = body as { spec?: { holderIdentity?: string } } | undefined;
        return asked?.spec?.holderIdentity === name;
      };
      await until(() => {
        most = Math.max(most, both[0].works + both[1].works);
        return spec()["holderIdentity"] !== name && both.some(({ works }) => works === 1);
      }, "the other leads");
      test.server.meddle = () => false;
    }
    expect(most).to.equal(1);
  });
});

import { expect } from "chai";
import type { Regarding } from "../../../../src/controller/kubernetes/events/event.ts";
import { Recorder, type RecorderTimes } from "../../../../src/controller/kubernetes/events/recorder.ts";
import { silentLog } from "../../../../src/kit/log.ts";
import { createMetrics } from "../../../../src/kit/metrics.ts";
import { testApi } from "../../../support/api-server/test-api.ts";
import { until } from "../../../support/until.ts";

const EVENTS = "/apis/events.k8s.io/v1/namespaces/shop/events";
const claim: Regarding = { kind: "PersistentVolumeClaim", name: "data", namespace: "shop", uid: "uid-1" };
const node: Regarding = { kind: "Node", name: "node-1", namespace: "", uid: "uid-2" };
const quick: RecorderTimes = { between: 1, again: 0, failed: 20, longestFailed: 50 };

describe("Events", () => {
  const test = testApi();
  const stop: AbortController[] = [];

  async function start(times = quick) {
    const own = new AbortController();
    stop.push(own);
    const { registry } = createMetrics();
    const by = { controller: "hyperv.csi.dev", instance: "pod_1" };
    const recorder = new Recorder(await test.another(), by, registry, silentLog(), times);
    void recorder.run(own.signal);
    const count = async (outcome: string) => {
      const metric = await registry.getSingleMetric("hyperv_csi_controller_events_total")?.get();
      return (metric?.values ?? [])
        .filter(({ labels }) => labels["outcome"] === outcome)
        .reduce((sum, { value }) => sum + value, 0);
    };
    return { recorder, count };
  }
  const events = (place = EVENTS) => test.server.store.list(place);

  afterEach(() => {
    for (const each of stop.splice(0)) each.abort();
  });

  it("say what was found and what to do next, of whom, and who says so", async () => {
    const { recorder } = await start();
    recorder.tell(claim, "NoRoomForVolume", "pool one has 1 GiB free");
    await until(() => events().length === 1, "it is told");
    const [{ metadata, note, eventTime, ...rest }] = events() as unknown as [
      { metadata: { namespace: string }; note: string; eventTime: string },
    ];
    expect(metadata.namespace).to.equal("shop");
    expect(eventTime).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(note).to.match(/^pool one has 1 GiB free\. Free space in a pool/);
    expect(rest).to.deep.equal({
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      reportingController: "hyperv.csi.dev",
      reportingInstance: "pod_1",
      action: "CreateVolume",
      reason: "NoRoomForVolume",
      type: "Warning",
      regarding: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        name: "data",
        namespace: "shop",
        uid: "uid-1",
      },
    });
  });

  it("of what has no namespace are in the default one", async () => {
    const { recorder } = await start();
    recorder.tell(node, "HostReachable", "it answers");
    const place = EVENTS.replace("shop", "default");
    await until(() => events(place).length === 1, "it is told");
    const [event] = events(place);
    expect(event?.["regarding"]).not.to.have.property("namespace");
    expect(event?.["note"]).to.equal("it answers");
  });

  it("are counted when they happen again, and told anew when Kubernetes has forgotten them", async () => {
    const { recorder } = await start();
    recorder.tell(claim, "NoRoomForVolume", "full");
    await until(() => events().length === 1, "it is told");
    await until(() => test.server.seen("POST", /events/).length === 1, "it is answered");
    const series = () => events()[0]?.["series"] as { count: number } | undefined;
    for (let times = 2; times <= 4; times++) {
      await until(async () => {
        recorder.tell(claim, "NoRoomForVolume", "full");
        await new Promise((resolve) => setTimeout(resolve, 20));
        return (series()?.count ?? 0) >= times;
      }, "it is counted");
    }
    expect(events()).to.have.lengthOf(1);
    test.server.remove(`${EVENTS}/${events()[0]?.metadata.name ?? ""}`);
    recorder.tell(claim, "NoRoomForVolume", "full");
    await until(() => events().length === 1, "it is told anew");
    expect(series()).to.equal(undefined);
    recorder.tell(claim, "NoRoomForVolume", "fuller");
    await until(() => events().length === 2, "something else is told for itself");
  });

  it("of the same thing in a short time are one request", async () => {
    const { recorder, count } = await start({ ...quick, again: 60_000 });
    for (let times = 0; times < 100; times++) recorder.tell(claim, "NoRoomForVolume", "full");
    recorder.tell(node, "HostReachable", "marker");
    await until(async () => (await count("sent")) === 2, "both are told");
    expect(test.server.seen("POST", /./)).to.have.lengthOf(2);
    expect(test.server.seen("PATCH", /./)).to.have.lengthOf(0);
  });

  it("are cut to what the API takes, and still say what to do", async () => {
    const { recorder } = await start();
    recorder.tell(claim, "NoRoomForVolume", "x".repeat(5000));
    await until(() => events().length === 1, "it is told");
    const note = events()[0]?.["note"] as string;
    expect(note.length).to.be.at.most(1024);
    expect(note).to.match(/x… Free space/);
  });

  it("wait for an API server that is away or busy, and do not pile up meanwhile", async () => {
    await test.server.close();
    const { recorder, count } = await start();
    for (let number = 0; number < 700; number++) recorder.tell(claim, "NoRoomForVolume", `pool ${number}`);
    await until(async () => (await count("dropped")) === 200, "too many are dropped");
    let busy = 8;
    test.server.meddle = (_asked, response) => {
      if (busy-- <= 0) return false;
      response.writeHead(429, { "Retry-After": "0" }).end();
      return true;
    };
    await test.server.listen();
    await until(async () => (await count("sent")) === 500, "the others are told");
    expect(events()).to.have.lengthOf(500);
  });

  it("that are refused keep back no others", async () => {
    const { recorder, count } = await start();
    test.server.meddle = ({ path }, response) => {
      if (!path.includes("/shop/")) return false;
      response.writeHead(403).end("{}");
      return true;
    };
    recorder.tell(claim, "NoRoomForVolume", "full");
    recorder.tell(node, "HostReachable", "it answers");
    await until(async () => (await count("sent")) === 1, "the other is told");
    expect(await count("dropped")).to.equal(1);
  });

  it("that are refused one after the other do not make the next wait longer and longer", async () => {
    const { recorder, count } = await start({ ...quick, failed: 1, longestFailed: 1e9 });
    test.server.meddle = ({ path }, response) => {
      if (!path.includes("/shop/")) return false;
      response.writeHead(403).end("{}");
      return true;
    };
    // Doubled each time, the pauses would be years.
    for (let number = 0; number < 60; number++) recorder.tell(claim, "NoRoomForVolume", `pool ${number}`);
    recorder.tell(node, "HostReachable", "it answers");
    await until(async () => (await count("sent")) === 1, "the last is told");
    expect(await count("dropped")).to.equal(60);
  });

  it("that the API server fails with keep back no others, and are told once it does not", async () => {
    const { recorder, count } = await start({ ...quick, failed: 1, longestFailed: 5 });
    const place = EVENTS.replace("shop", "default");
    test.server.meddle = ({ path }, response) => {
      if (!path.includes("/shop/") || events(place).length > 0) return false;
      response.writeHead(500).end("{}");
      return true;
    };
    recorder.tell(claim, "NoRoomForVolume", "full");
    recorder.tell(node, "HostReachable", "it answers");
    await until(async () => (await count("sent")) === 2, "both are told");
    expect(events()).to.have.lengthOf(1);
  });

  it("that the API server always fails with are dropped after some tries, or when the queue is full", async () => {
    const { recorder, count } = await start({ ...quick, failed: 1, longestFailed: 1 });
    let tries = 0;
    test.server.meddle = ({ path }, response) => {
      if (!path.includes("/shop/")) return false;
      tries++;
      response.writeHead(500).end("{}");
      return true;
    };
    recorder.tell(claim, "NoRoomForVolume", "full");
    await until(async () => (await count("dropped")) === 1, "it is given up");
    expect(tries).to.equal(8);
    for (let number = 0; number < 500; number++) recorder.tell(claim, "NoRoomForVolume", `pool ${number}`);
    await until(() => tries > 20, "some have failed");
    for (let number = 0; number < 10; number++) recorder.tell(node, "HostReachable", `it answers, ${number}`);
    await until(async () => (await count("sent")) === 10, "what is new is told");
  });
});

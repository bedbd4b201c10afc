import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import type { SocketListener } from "../../src/csi/listeners/socket-listener.ts";
import type { CsiCall } from "../../src/csi/rpc.ts";
import { silentLog } from "../../src/kit/log.ts";
import { serveProbe, type CsiFixture } from "./csi-server.ts";
import { endOwnProcesses, startProcess } from "./own-processes.ts";
import { temporaryDirectory } from "./temporary.ts";
import { until } from "./until.ts";

const script = join(import.meta.dirname, "../csi/load-client.ts");
const CLIENTS = 4;
const CALLS_EACH = 50;
const ALL = CLIENTS * CALLS_EACH;

/** What a server must stand over any listener. */
export function serverUnderLoad(listener: SocketListener): void {
  const path = temporaryDirectory();
  /** What the handlers of the calls that run now wait for. */
  let hold: () => Promise<unknown> = () => Promise.resolve();
  let running = 0;
  let abandoned = 0;
  let fixture: CsiFixture;
  before(async () => {
    const probe = async (call: CsiCall) => {
      running++;
      call.signal.addEventListener("abort", () => abandoned++);
      try {
        await hold();
      } finally {
        running--;
      }
    };
    fixture = await serveProbe(`unix://${path("csi.sock")}`, probe, {}, silentLog(), listener);
    await fixture.identity.call.Probe({});
  });
  after(endOwnProcesses);
  after(() => fixture.close());
  beforeEach(() => {
    hold = () => Promise.resolve();
    abandoned = 0;
  });

  const start = () => startProcess(process.execPath, [script, fixture.server.socket, String(CALLS_EACH)]);
  const openFiles = async () => (await readdir("/proc/self/fd")).length;
  /** Held until it is released, whoever still waits. */
  function held(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    hold = () => promise;
    return () => {
      resolve(undefined);
    };
  }

  async function serves(): Promise<void> {
    await until(() => running === 0, "no call runs any more");
    expect(await fixture.identity.call.Probe({})).to.deep.equal({ ready: { value: true } });
  }

  it(`runs ${ALL} calls of ${CLIENTS} processes at once, and answers all`, async () => {
    const release = held();
    const clients = Array.from({ length: CLIENTS }, start);
    await until(() => running === ALL, "all calls run");
    release();
    await Promise.all(clients.map((client) => client.says(new RegExp(`answered ${CALLS_EACH}\n`))));
    expect(await Promise.all(clients.map((client) => client.ended()))).to.deep.equal(clients.map(() => 0));
    expect(abandoned).to.equal(0);
    await serves();
  });

  it("tells the work of clients that are killed in mid-call, answers the others, and keeps nothing open", async () => {
    const before = await openFiles();
    const release = held();
    const clients = Array.from({ length: CLIENTS }, start);
    await until(() => running === ALL, "all calls run");
    const [survivor, ...victims] = clients;
    await Promise.all(victims.map((client) => client.kill("SIGKILL")));
    await until(() => abandoned === ALL - CALLS_EACH, "the work of the killed is told");
    // The answers of three quarters find nobody.
    release();
    await survivor?.says(new RegExp(`answered ${CALLS_EACH}\n`));
    expect(await survivor?.ended()).to.equal(0);
    await serves();
    await until(async () => (await openFiles()) <= before, "no connection is open");
  });

  it("outlives connections that are cut before, in and after the greeting, and streams that are reset", async () => {
    const before = await openFiles();
    for (const bytes of [
      "",
      "P",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "\0".repeat(999),
    ]) {
      const socket = connect(fixture.server.socket);
      socket.on("error", () => undefined);
      await once(socket, "connect");
      socket.write(bytes);
      socket.destroy();
    }
    const release = held();
    const session = connectHttp2("http://localhost", {
      createConnection: () => connect(fixture.server.socket),
    });
    session.on("error", () => undefined);
    const streams = Array.from({ length: ALL }, () => {
      const stream = session.request({
        ":method": "POST",
        ":path": "/csi.v1.Identity/Probe",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => undefined);
      // A whole message of no bytes.
      stream.end(Buffer.alloc(5));
      return stream;
    });
    await until(() => running === ALL, "all calls run");
    const cancel = 8;
    for (const stream of streams) stream.close(cancel);
    await until(() => abandoned === ALL, "the work of reset streams is told");
    session.destroy();
    release();
    await serves();
    await until(async () => (await openFiles()) <= before, "no connection is open");
  });

  it("goes on beside connections that say nothing, or stop in the middle of a message", async () => {
    const silent = Array.from({ length: 50 }, () => connect(fixture.server.socket));
    const session = connectHttp2("http://localhost", {
      createConnection: () => connect(fixture.server.socket),
    });
    const half = session.request({
      ":method": "POST",
      ":path": "/csi.v1.Identity/Probe",
      "content-type": "application/grpc",
      te: "trailers",
    });
    half.on("error", () => undefined);
    half.write(Buffer.from([0, 0, 0, 1, 0, 1, 2]));
    try {
      const answers = await Promise.all(Array.from({ length: ALL }, () => fixture.identity.call.Probe({})));
      expect(answers).to.have.lengthOf(ALL);
    } finally {
      for (const socket of silent) socket.destroy();
      session.destroy();
    }
    await serves();
  });
}

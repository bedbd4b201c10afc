import { spawn } from "node:child_process";
import { once } from "node:events";
import { credentials, makeClientConstructor, status, type ServiceError } from "@grpc/grpc-js";
import { expect } from "chai";
import { serviceDefinition } from "../../src/csi/descriptor.ts";
import type { IdentityClient } from "../../src/csi/generated/csi/v1/Identity.ts";
import type { CsiCall } from "../../src/csi/rpc.ts";
import { serveProbe, type CsiFixture } from "../support/csi-server.ts";
import { codeOf } from "../support/failure.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("csi call's time", () => {
  const path = temporaryDirectory();
  let probe: (call: CsiCall) => Promise<unknown> = () => Promise.resolve();
  let fixture: CsiFixture;
  before(async () => {
    fixture = await serveProbe(path("csi.sock"), (call) => probe(call));
  });
  after(() => fixture.close());

  /** Keeps the handler waiting until its signal ends. */
  function holdUntilSignal(): { arrived: Promise<CsiCall>; ended: Promise<CsiCall> } {
    const arrived = Promise.withResolvers<CsiCall>();
    const ended = Promise.withResolvers<CsiCall>();
    probe = async (call) => {
      const over = once(call.signal, "abort");
      arrived.resolve(call);
      await over;
      ended.resolve(call);
    };
    return { arrived: arrived.promise, ended: ended.promise };
  }

  it("reaches the handler, a little shorter", async () => {
    const calls: [CsiCall, number][] = [];
    probe = (call) => {
      calls.push([call, performance.now()]);
      return Promise.resolve();
    };
    await fixture.hurried(60_000).call.Probe({});
    const [[call, now] = []] = calls;
    expect(call!.deadline - now!).to.be.within(1, 59_500);
    expect(call!.signal.aborted).to.equal(false);
  });

  it("is bounded for a caller who sets none", async () => {
    const calls: [CsiCall, number][] = [];
    probe = (call) => {
      calls.push([call, performance.now()]);
      return Promise.resolve();
    };
    await fixture.hurried(Number.POSITIVE_INFINITY).call.Probe({});
    const [[call, now] = []] = calls;
    expect(call!.deadline - now!).to.be.within(1, 120_000);
  });

  it("ends the handler's signal when it is over", async () => {
    const { ended } = holdUntilSignal();
    const code = codeOf(fixture.hurried(500).call.Probe({}));
    expect((await ended).signal.aborted).to.equal(true);
    expect(await code, "the handler or the deadline, whichever was first").to.be.oneOf([
      "OK",
      "DEADLINE_EXCEEDED",
    ]);
  });

  it("ends when the caller cancels", async () => {
    const { arrived, ended } = holdUntilSignal();
    const Client = makeClientConstructor(serviceDefinition("Identity"), "Identity");
    const client = new Client(`unix://${fixture.server.socket}`, credentials.createInsecure());
    const answer = Promise.withResolvers<ServiceError | null>();
    const probing = (client as unknown as IdentityClient).Probe({}, answer.resolve);
    const { signal } = await arrived;
    expect(signal.aborted).to.equal(false);
    probing.cancel();
    expect((await ended).signal.aborted).to.equal(true);
    expect((await answer.promise)?.code).to.equal(status.CANCELLED);
    client.close();
  });

  it("ends when the caller dies", async () => {
    const { arrived, ended } = holdUntilSignal();
    const script = `
      import { csiClient } from ${JSON.stringify(import.meta.resolve("../../src/csi/client.ts"))};
      await csiClient("Identity", process.argv[1]).call.Probe({});`;
    const caller = spawn(process.execPath, ["--input-type=module", "-e", script, fixture.server.socket], {
      stdio: "ignore",
    });
    await arrived;
    caller.kill("SIGKILL");
    expect((await ended).signal.aborted).to.equal(true);
  });

  it("has a request id of its own in each call", async () => {
    const ids = new Set<string>();
    probe = (call) => {
      ids.add(call.requestId);
      return Promise.resolve();
    };
    await Promise.all(Array.from({ length: 20 }, () => fixture.identity.call.Probe({})));
    expect(ids.size).to.equal(20);
    expect([...ids].every((id) => /^[\w.-]{1,64}$/.test(id))).to.equal(true);
  });
});

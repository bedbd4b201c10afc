import { once } from "node:events";
import { copyFile, readdir, rm } from "node:fs/promises";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { expect } from "chai";
import { execa } from "execa";
import { csiClient } from "../../../src/csi/client.ts";
import { carriedListener } from "../../../src/csi/listeners/carried-listener.ts";
import { listenerHere } from "../../../src/csi/listeners/socket-listener.ts";
import { builtInListener } from "../../../src/csi/listeners/built-in-listener.ts";
import type { IdentityRpcs } from "../../../src/csi/rpc.ts";
import { silentLog } from "../../../src/kit/log.ts";
import { bundleOf } from "../../support/bundle.ts";
import { serveProbe } from "../../support/csi-server.ts";
import { expectFailure, thrownBy } from "../../support/failure.ts";
import { linuxCarried } from "../../support/linux-carried.ts";
import { endOwnProcesses, startProcess } from "../../support/own-processes.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";
import { until } from "../../support/until.ts";

describe("the carried listener", () => {
  const path = scratchDirectory();
  const serve = (name: string, probe: () => Promise<unknown>) =>
    serveProbe(`unix://${path(name)}`, probe, {}, silentLog(), linuxCarried());
  const kept = async () => ({
    descriptors: (await readdir("/proc/self/fd")).length,
    threads: (await readdir("/proc/self/task")).length,
  });

  it("is for Windows; elsewhere Node listens", () => {
    expect(listenerHere("linux")).to.equal(builtInListener);
    const error = thrownBy(() => carriedListener("win32", undefined));
    expect(error.code).to.equal("FAILED_PRECONDITION");
    expect(error.message).to.match(/koffi.* is missing: install it beside the program \(npm install koffi\)/);
  });

  it("sends the answer of a call in which its server is told to close", async () => {
    for (let time = 0; time < 20; time++) {
      let closed: Promise<void> | undefined;
      const fixture = await serve("last.sock", () => {
        queueMicrotask(() => {
          closed = fixture.server.close();
        });
        return Promise.resolve();
      });
      expect(await fixture.identity.call.Probe({})).to.deep.equal({ ready: { value: true } });
      await closed;
      await fixture.close();
    }
  });

  it("closes while it is busy, answers what runs, and leaves no descriptor, thread or file", async () => {
    // Threads and descriptors that the process keeps once they were needed.
    await (await serve("first.sock", () => Promise.resolve())).close();
    const before = await kept();
    const end = Promise.withResolvers<undefined>();
    let running = 0;
    const fixture = await serve("busy.sock", () => {
      running++;
      return end.promise;
    });
    const others = Array.from({ length: 10 }, () =>
      csiClient<IdentityRpcs>("Identity", fixture.server.socket),
    );
    const calls = others.flatMap(({ call }) => Array.from({ length: 20 }, () => call.Probe({})));
    const silent = connect(fixture.server.socket);
    silent.on("error", () => undefined).resume();
    await until(() => running === calls.length, "all calls run");
    const closed = fixture.server.close();
    await until(async () => !(await fixture.server.isThere()), "its socket is gone");
    expect(await fixture.identity.call.Probe({}).catch((error: unknown) => error)).to.have.property(
      "code",
      "UNAVAILABLE",
    );
    end.resolve(undefined);
    const answers = await Promise.all(calls);
    expect(answers).to.deep.equal(calls.map(() => ({ ready: { value: true } })));
    await closed;
    for (const client of others) client.close();
    await fixture.close();
    silent.destroy();
    expect(await readdir(path())).to.deep.equal([]);
    await until(async () => {
      const { descriptors, threads } = await kept();
      return descriptors <= before.descriptors && threads <= before.threads;
    }, "nothing is kept that was not there before");
  });

  it("refuses a path that is served, and one that is no socket's", async () => {
    const fixture = await serve("served.sock", () => Promise.resolve());
    await expectFailure(
      serve("served.sock", () => Promise.resolve()),
      "FAILED_PRECONDITION",
      /another process/,
    );
    await fixture.close();
    await expectFailure(
      serve("x".repeat(108), () => Promise.resolve()),
      "INVALID_ARGUMENT",
      /longer than 107/,
    );
  });

  it("carries requests and answers of any size", async () => {
    const fixture = await serve("large.sock", () => Promise.resolve());
    const session = connectHttp2("http://localhost", {
      createConnection: () => connect(fixture.server.socket),
    });
    const stream = session.request({
      ":method": "POST",
      ":path": "/csi.v1.Identity/Probe",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const message = Buffer.alloc(5 + 3 * 2 ** 20);
    // Field 15 of bytes, which Probe does not know.
    message.writeUInt32BE(message.length - 5, 1);
    message.set([0x7a, ...varint(message.length - 5 - 4 - 1)], 5);
    stream.end(message);
    const [trailers] = (await once(stream.resume(), "trailers")) as [Record<string, string>];
    expect(trailers["grpc-status"]).to.equal("0");
    session.close();
    await fixture.close();
  });

  describe("in the bundle", () => {
    const program = bundleOf("test/support/over-carried.ts");
    after(endOwnProcesses);

    it("says what to do where the library that it needs is missing", async () => {
      await copyFile(program, path("alone.mjs"));
      const { exitCode, all } = await execa(process.execPath, [path("alone.mjs"), "up"], {
        reject: false,
        all: true,
      });
      expect(exitCode).not.to.equal(0);
      expect(all).to.match(/koffi.* is missing: install it beside the program \(npm install koffi\)/);
      await rm(path("alone.mjs"));
    });

    it("serves, and ends at a signal with its socket gone", async () => {
      const node = startProcess(process.execPath, [
        ...[program, "node", "--endpoint", `unix://${path("bundle.sock")}`],
        ...["--node-id", "00000000-0000-4000-8000-000000000001", "--group", "east", "--max-volumes", "4"],
      ]);
      // Its socket is there before it listens.
      await node.says(/node is ready/);
      const client = csiClient<IdentityRpcs>("Identity", path("bundle.sock"));
      expect((await client.call.GetPluginInfo({})).name).to.equal("hyperv.csi.dev");
      expect(await node.kill("SIGTERM"), node.output()).to.equal(0);
      client.close();
      expect(await readdir(path())).not.to.include("bundle.sock");
    });
  });
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

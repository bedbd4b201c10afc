import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readFile, stat, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { csiClient } from "../../src/csi/client.ts";
import type { ControllerRpcs, NodeRpcs } from "../../src/csi/rpc.ts";
import { errorTable, StatusError, type ErrorCode } from "../../src/kit/errors.ts";
import { serveProbe, type CsiFixture } from "../support/csi-server.ts";
import { expectFailure, failureOf, rejection } from "../support/failure.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("csi server", () => {
  const path = temporaryDirectory();
  let probe: () => Promise<unknown> = () => Promise.resolve();
  let fixture: CsiFixture;
  before(async () => {
    const Controller = { ControllerGetCapabilities: () => Promise.resolve({ capabilities: [] }) };
    fixture = await serveProbe(`unix://${path("csi.sock")}`, () => probe(), { Controller });
  });
  after(() => fixture.close());
  const call = () => fixture.identity.call.Probe({});

  it("answers", async () => {
    probe = () => Promise.resolve();
    expect(await call()).to.deep.equal({ ready: { value: true } });
    expect(fixture.server.socket).to.equal(path("csi.sock"));
  });

  for (const code of Object.keys(errorTable) as ErrorCode[]) {
    it(`carries ${code} and its message`, async () => {
      probe = () => Promise.reject(new StatusError(code, `größe: ${code}, 100%\nsecond line`));
      expect(await failureOf(call())).to.include({ code, message: `größe: ${code}, 100%\nsecond line` });
    });
  }

  for (const [what, thrown, code, message] of [
    ["any error", new TypeError("x is not a function"), "INTERNAL", /x is not a function/],
    ["something that is no error", "just text", "INTERNAL", /just text/],
    ["a full disk", Object.assign(new Error("write"), { code: "ENOSPC" }), "RESOURCE_EXHAUSTED", /write/],
    ["an abort", new DOMException("gone", "AbortError"), "CANCELLED", /gone/],
  ] as const) {
    it(`turns ${what} into ${code}`, async () => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- anything can be thrown
      probe = () => Promise.reject(thrown);
      await expectFailure(call(), code, message);
    });
  }

  it("answers UNIMPLEMENTED for an RPC that its table leaves out, and for a service it has not", async () => {
    const controller = csiClient<ControllerRpcs>("Controller", fixture.server.socket);
    const node = csiClient<NodeRpcs>("Node", fixture.server.socket);
    try {
      expect(await controller.call.ControllerGetCapabilities({})).to.deep.equal({ capabilities: [] });
      await expectFailure(controller.call.CreateSnapshot({}), "UNIMPLEMENTED");
      await expectFailure(node.call.NodeGetInfo({}), "UNIMPLEMENTED");
    } finally {
      controller.close();
      node.close();
    }
  });

  it("serves many calls at a time", async () => {
    let running = 0;
    const all = Promise.withResolvers<undefined>();
    probe = async () => {
      if (++running === 100) all.resolve(undefined);
      await all.promise;
    };
    await Promise.all(Array.from({ length: 100 }, call));
    expect(running).to.equal(100);
  });

  it("counts calls by method and code", async () => {
    const text = await fixture.metrics.registry.metrics();
    expect(text).to.match(/hyperv_csi_rpc_duration_seconds_count\{method="Probe",code="OK"\} \d+/);
    expect(text).to.match(/hyperv_csi_rpc_duration_seconds_count\{method="Probe",code="ABORTED"\} 1/);
  });
});

describe("csi server's socket", () => {
  const path = temporaryDirectory();

  it("is gone after close, and can be served again", async () => {
    for (let time = 0; time < 2; time++) {
      const fixture = await serveProbe(path("again.sock"), () => Promise.resolve());
      expect((await stat(path("again.sock"))).isSocket()).to.equal(true);
      await fixture.close();
      expect(await rejection(access(path("again.sock")))).to.have.property("code", "ENOENT");
    }
  });

  it("takes the place of one that a killed process left", async () => {
    const script = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    await once(spawn(process.execPath, ["-e", script, path("dead.sock")], { stdio: "ignore" }), "exit");
    const fixture = await serveProbe(path("dead.sock"), () => Promise.resolve());
    await fixture.identity.call.Probe({});
    await fixture.close();
  });

  it("is refused to a second server, and the first goes on", async () => {
    const first = await serveProbe(path("one.sock"), () => Promise.resolve());
    try {
      const second = serveProbe(path("one.sock"), () => Promise.resolve());
      await expectFailure(second, "FAILED_PRECONDITION", /another process serves/);
      await first.identity.call.Probe({});
    } finally {
      await first.close();
    }
  });

  it("never takes the place of a file", async () => {
    await writeFile(path("file"), "precious");
    await expectFailure(
      serveProbe(path("file"), () => Promise.resolve()),
      "FAILED_PRECONDITION",
    );
    expect(await readFile(path("file"), "utf8")).to.equal("precious");
  });

  it("closes after the calls that still run", async () => {
    const started = Promise.withResolvers<undefined>();
    const end = Promise.withResolvers<undefined>();
    const fixture = await serveProbe(path("drain.sock"), () => {
      started.resolve(undefined);
      return end.promise;
    });
    const call = fixture.identity.call.Probe({});
    await started.promise;
    const closed = fixture.server.close();
    end.resolve(undefined);
    expect(await call).to.deep.equal({ ready: { value: true } });
    await closed;
    await fixture.close();
  });
});

import { Writable } from "node:stream";
import { expect } from "chai";
import { pino } from "pino";
import { csiClient } from "../../src/csi/client.ts";
import type { ControllerRpcs } from "../../src/csi/rpc.ts";
import { StatusError } from "../../src/kit/errors.ts";
import { serveProbe, type CsiFixture } from "../support/csi-server.ts";
import { codeOf } from "../support/failure.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("csi log lines", () => {
  const path = temporaryDirectory();
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: "debug", base: null },
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
        done();
      },
    }),
  );
  let fixture: CsiFixture;
  let failure: Error | undefined;
  before(async () => {
    const Controller = {
      DeleteVolume: () => (failure === undefined ? Promise.resolve({}) : Promise.reject(failure)),
      ListVolumes: () => Promise.resolve({}),
    };
    fixture = await serveProbe(path("csi.sock"), () => Promise.resolve(), { Controller }, log);
  });
  after(() => fixture.close());

  async function linesOf(call: (rpcs: ReturnType<typeof connect>["call"]) => Promise<unknown>) {
    lines.length = 0;
    const client = connect();
    await codeOf(call(client.call));
    client.close();
    return lines;
  }
  const connect = () => csiClient<ControllerRpcs>("Controller", fixture.server.socket);

  it("have method, subject, code, time and request id", async () => {
    failure = undefined;
    const [line, ...others] = await linesOf((rpcs) => rpcs.DeleteVolume({ volume_id: "local/x" }));
    expect(others).to.deep.equal([]);
    expect(line).to.deep.include({ level: 30, method: "DeleteVolume", volume_id: "local/x", code: "OK" });
    expect(line).to.have.property("ms").that.is.a("number");
    expect(line).to.have.property("requestId").that.is.a("string");
  });

  it("of what only reads are for debugging", async () => {
    const [line] = await linesOf((rpcs) => rpcs.ListVolumes({}));
    expect(line).to.deep.include({ level: 20, method: "ListVolumes" });
  });

  it("of a failure are warnings with its message", async () => {
    failure = new StatusError("ABORTED", "something else runs");
    const [line] = await linesOf((rpcs) => rpcs.DeleteVolume({ volume_id: "local/x" }));
    expect(line).to.deep.include({ level: 40, code: "ABORTED", msg: "DeleteVolume: something else runs" });
    expect(line).not.to.have.property("err");
  });

  it("of a fault of ours have its stack", async () => {
    failure = new TypeError("x is undefined");
    const [line] = await linesOf((rpcs) => rpcs.DeleteVolume({ volume_id: "local/x" }));
    expect(line).to.deep.include({ level: 40, code: "INTERNAL" });
    expect(JSON.stringify(line?.["err"])).to.contain("log-lines.test.ts");
  });

  it("never have secrets", async () => {
    const secrets = { password: "hunter2" };
    for (failure of [undefined, new StatusError("ABORTED", "no"), new TypeError("no")]) {
      const text = JSON.stringify(await linesOf((rpcs) => rpcs.DeleteVolume({ volume_id: "x", secrets })));
      expect(text).to.contain("DeleteVolume").and.not.to.contain("hunter2");
    }
  });
});

import { networkInterfaces } from "node:os";
import { expect } from "chai";
import { serveHttpEndpoint, type HttpEndpoint } from "../../src/kit/http-endpoint.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import { expectFailure, rejection } from "../support/failure.ts";
import { http } from "../support/http.ts";

describe("kit HTTP endpoint", () => {
  const metrics = createMetrics();
  let endpoint: HttpEndpoint;
  before(async () => {
    endpoint = await serveHttpEndpoint("127.0.0.1:0", metrics);
  });
  after(() => endpoint.close());
  const get = (path: string) => http(`http://127.0.0.1:${endpoint.port}`, "GET", path);

  for (const path of ["/healthz", "/readyz"]) {
    it(`answers ${path}`, async () => {
      const { status, text } = await get(path);
      expect([status, text]).to.deep.equal([200, "ok\n"]);
    });
  }

  it("is alive but not ready, and says why", async () => {
    let why: string | undefined = "nobody knows us yet";
    const waiting = await serveHttpEndpoint("127.0.0.1:0", metrics, () => why);
    const ask = async (path: string) => {
      const { status, text } = await http(`http://127.0.0.1:${waiting.port}`, "GET", path);
      return [status, text];
    };
    try {
      expect(await ask("/readyz")).to.deep.equal([503, "nobody knows us yet\n"]);
      expect(await ask("/healthz")).to.deep.equal([200, "ok\n"]);
      why = undefined;
      expect(await ask("/readyz")).to.deep.equal([200, "ok\n"]);
    } finally {
      await waiting.close();
    }
  });

  it("shows metrics as Prometheus reads them", async () => {
    metrics.rpcSeconds.observe({ method: "Probe", code: "OK" }, 0.004);
    const { status, text, contentType } = await get("/metrics");
    expect(status).to.equal(200);
    expect(contentType).to.match(/^text\/plain; version=/);
    expect(text).to.contain('hyperv_csi_rpc_duration_seconds_count{method="Probe",code="OK"} 1');
    expect(text).to.contain("hyperv_csi_process_cpu_seconds_total");
  });

  for (const path of ["/", "/healthz/x", "/debug/pprof", "/..", "/metrics%00"]) {
    it(`has no ${path}`, async () => {
      expect((await get(path)).status).to.equal(404);
    });
  }
});

describe("kit HTTP endpoint's address", () => {
  const metrics = createMetrics();

  for (const address of [
    "",
    "localhost",
    "127.0.0.1:",
    ":",
    "x:http",
    ":-1",
    ":65536",
    ":1.5",
    ":1e3",
    ":0x50",
    ": 80",
    ":80 ",
  ]) {
    it(`is not ${JSON.stringify(address)}`, async () => {
      const started = serveHttpEndpoint(address, metrics);
      await expectFailure(started, "INVALID_ARGUMENT", /is not HOST:PORT/);
    });
  }

  for (const address of [":0", "localhost:0", "[::1]:0"]) {
    it(`may be ${address}`, async function () {
      const started = await serveHttpEndpoint(address, metrics).catch((error: unknown) => error);
      if (started instanceof Error) {
        // A machine without IPv6 can't show this.
        expect(started).to.have.property("code").that.is.oneOf(["EADDRNOTAVAIL", "EAFNOSUPPORT"]);
        this.skip();
      }
      const served = started as HttpEndpoint;
      const host = address.startsWith("[") ? "[::1]" : "localhost";
      expect((await fetch(`http://${host}:${served.port}/healthz`)).status).to.equal(200);
      await served.close();
    });
  }

  it("without a host is asked over IPv4 and IPv6, as a pod of either kind of cluster is", async function () {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    if (!addresses.some(({ address }) => address === "::1")) {
      console.log("      skipped: this machine has no ::1");
      this.skip();
    }
    const served = await serveHttpEndpoint(":0", metrics);
    try {
      for (const host of ["127.0.0.1", "[::1]"]) {
        expect((await fetch(`http://${host}:${served.port}/healthz`)).status, host).to.equal(200);
      }
    } finally {
      await served.close();
    }
  });

  it("can be taken again after close, and not before", async () => {
    const first = await serveHttpEndpoint("127.0.0.1:0", metrics);
    const again = () => serveHttpEndpoint(`127.0.0.1:${first.port}`, metrics);
    expect(await rejection(again())).to.have.property("code", "EADDRINUSE");
    await fetch(`http://127.0.0.1:${first.port}/healthz`);
    await first.close();
    await (await again()).close();
  });
});

import { readdir } from "node:fs/promises";
import { expect } from "chai";
import { execa } from "execa";
import { silentLog } from "../../../src/kit/log.ts";
import { serveProbe, type CsiFixture } from "../../support/csi-server.ts";
import { goTools, needsGoProgram } from "../../support/go-program.ts";
import { linuxCarried } from "../../support/linux-carried.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { until } from "../../support/until.ts";

const CONNECTIONS = 40;
const CALLS_EACH = 25;

describe("grpc-go over the carried listener", function () {
  this.timeout(300_000);
  before(needsGoProgram("callers"));
  const path = temporaryDirectory();
  let fixture: CsiFixture;
  before(async () => {
    fixture = await serveProbe(
      `unix://${path("csi.sock")}`,
      () => Promise.resolve(),
      {},
      silentLog(),
      linuxCarried(),
    );
  });
  after(() => fixture.close());

  it(`gets ${CONNECTIONS * CALLS_EACH} answers on ${CONNECTIONS} connections at once, as many one after the other, and leaves none open`, async () => {
    const openFiles = async () => (await readdir("/proc/self/fd")).length;
    const before = await openFiles();
    const args = ["run", "./callers", fixture.server.socket, String(CONNECTIONS), String(CALLS_EACH)];
    const { stdout } = await execa("go", args, { cwd: goTools });
    expect(stdout).to.equal(`answered ${2 * CONNECTIONS * CALLS_EACH}\ntest.driver`);
    await until(async () => (await openFiles()) <= before, "all connections are closed");
  });
});

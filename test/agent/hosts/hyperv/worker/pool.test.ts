import { readFile, rm, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { defaultWorkerSettings } from "../../../../../src/agent/hosts/hyperv/worker/settings.ts";
import { acceptWorker } from "../../../../../src/agent/hosts/hyperv/worker/accept.ts";
import {
  hypervWorkers,
  type HypervWorkers,
} from "../../../../../src/agent/hosts/hyperv/worker/hyperv-workers.ts";
import type { WorkerSettings } from "../../../../../src/kit/worker/settings.ts";
import { silentLog } from "../../../../../src/kit/log.ts";
import { refused } from "../../../../support/refused.ts";
import { scratchDirectory } from "../../../../support/scratch-directory.ts";
import { until } from "../../../../support/until.ts";

const HELLO = {
  protocol: 3,
  powershell: "5.1",
  module: "2.0.0.0",
  computer: "hv-1",
  user: "DOMAIN\\agent",
  mayManageVms: true,
  cluster: null,
};

describe("the pool of Hyper-V workers", () => {
  const path = scratchDirectory();
  const pools: HypervWorkers[] = [];
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.close();
  });

  /**
   * Workers that say hello as they are told, and tell their process id as the host's name in any list. While there is a
   * file `hold`, all but the first hello of each waits. The files `started` and `held` have the ids of those that did.
   */
  async function poolOf(hello: object, settings: Partial<WorkerSettings> = {}): Promise<HypervWorkers> {
    const program = path("worker.mjs");
    for (const file of ["started", "held"]) await rm(path(file), { force: true });
    await writeFile(
      program,
      `import { appendFileSync, existsSync } from "node:fs";
       import { createInterface } from "node:readline";
       import { setTimeout } from "node:timers/promises";
       const note = (what) => appendFileSync(new URL(what, import.meta.url), process.pid + "\\n");
       const isHeld = () => existsSync(new URL("hold", import.meta.url));
       process.stdin.once("end", () => process.exit());
       note("started");
       let hellos = 0;
       for await (const line of createInterface({ input: process.stdin })) {
         const { id, op } = JSON.parse(line);
         const isProbe = op === "hello" && ++hellos > 1;
         if (isProbe && isHeld()) note("held");
         while (isProbe && isHeld()) await setTimeout(10);
         const node = { name: String(process.pid), state: 0 };
         const result = op === "hello" ? ${JSON.stringify(hello)} : { vms: [], unreachable: [], nodes: [node] };
         console.log(JSON.stringify({ id, result }));
       }`,
    );
    const command = { program: process.execPath, args: [program] };
    const pool = hypervWorkers(
      { ...defaultWorkerSettings, command, ...settings },
      silentLog(),
      () => undefined,
      acceptWorker("test"),
    );
    pools.push(pool);
    return pool;
  }
  const workerOf = async (pool: HypervWorkers, fresh = false) =>
    (await pool.read("listVms", { hosts: [] }, fresh)).nodes[0]?.name;

  const linesOf = async (file: string) =>
    (await readFile(path(file), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");

  it("keeps a worker, and starts another when it is to be fresh", async () => {
    const pool = await poolOf(HELLO);
    const first = await workerOf(pool);
    expect(await workerOf(pool)).to.equal(first);
    const second = await workerOf(pool, true);
    expect(second).not.to.equal(first);
    expect(await workerOf(pool)).to.equal(second);
  });

  it("replaces a worker after so many calls", async () => {
    const pool = await poolOf(HELLO, { size: 1, mostCalls: 3 });
    const asked = [];
    for (let call = 0; call < 6; call++) asked.push(await workerOf(pool));
    // Its hello is the first of three.
    expect(new Set(asked).size).to.equal(3);
  });

  it("replaces a worker that has grown old", async () => {
    const pool = await poolOf(HELLO, { mostAgeMs: 0 });
    expect(await workerOf(pool)).not.to.equal(await workerOf(pool));
  });

  it("runs as many at once as it may", async () => {
    const pool = await poolOf(HELLO, { size: 3 });
    const asked = await Promise.all(Array.from({ length: 12 }, () => workerOf(pool)));
    expect(new Set(asked).size).to.be.within(1, 3);
  });

  it("asks idle workers one by one whether they still answer, and has no more of them for it", async () => {
    const pool = await poolOf(HELLO, { size: 2, probeMs: 10, mostCalls: 1_000_000 });
    try {
      const workers = await Promise.all([workerOf(pool), workerOf(pool)]);
      expect(new Set(workers).size).to.equal(2);
      await writeFile(path("hold"), "");
      await until(async () => (await linesOf("held")).length > 0, "a probe");
      for (let call = 0; call < 3; call++) expect(workers).to.include(await workerOf(pool));
      const more = Promise.all([workerOf(pool), workerOf(pool), workerOf(pool)]);
      await rm(path("hold"));
      expect(workers).to.include.members(await more);
      expect(await linesOf("started")).to.have.members(workers);
    } finally {
      await rm(path("hold"), { force: true });
    }
  });

  it("refuses a worker of another protocol, and one that may not manage VMs", async () => {
    const other = await poolOf({ ...HELLO, protocol: 1 });
    await refused(workerOf(other), "FAILED_PRECONDITION", "protocol 1");
    const powerless = await poolOf({ ...HELLO, mayManageVms: false });
    await refused(workerOf(powerless), "PERMISSION_DENIED", "Hyper-V Administrators");
  });

  it("is UNAVAILABLE without a program, and once it is closed", async () => {
    const pool = await poolOf(HELLO, { command: { program: path("absent"), args: [] } });
    await refused(workerOf(pool), "UNAVAILABLE", "can't be started");
    await pool.close();
    await refused(workerOf(pool), "UNAVAILABLE", "stops");
  });
});

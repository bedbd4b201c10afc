import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { buildBundle } from "../../../scripts/build.ts";
import { openEngine } from "../../../src/agent/engine/open-engine.ts";
import { defaultEngineSettings } from "../../../src/agent/engine/settings.ts";
import type { Host } from "../../../src/agent/hosts/host.ts";
import { LONGEST_MERGE_MS } from "../../../src/agent/hosts/hyperv/checkpoints.ts";
import { hypervHost } from "../../../src/agent/hosts/hyperv/hyperv-host.ts";
import { defaultWorkerSettings } from "../../../src/agent/hosts/hyperv/worker/settings.ts";
import { HYPERV_SLOTS_PER_VM } from "../../../src/agent/hosts/open-host.ts";
import { silentLog } from "../../../src/kit/log.ts";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { OFF } from "../../hyperv-sim/model.ts";
import { Simulator, simVm } from "../../hyperv-sim/simulator.ts";
import { exactly, newVolume } from "../../support/engine-rig.ts";
import { knownPools } from "../../support/known-pools.ts";
import { context } from "../../support/local-rig.ts";
import { type Figure, reportFigures } from "../agent/figure.ts";

const VMS = 1000;
const DISKS_PER_VM = 10;

/** The Hyper-V host over a simulated Hyper-V: how often a worker is asked, and what a large inventory costs. */
export async function benchHyperv(directory: string): Promise<readonly Figure[]> {
  const program = join(directory, "simulator.mjs");
  await buildBundle(program, join(import.meta.dirname, "../../hyperv-sim/main.ts"));
  const figures = [...(await roundTrips(directory, program)), ...(await largeInventory(directory, program))];
  reportFigures("Hyper-V host on a simulated Hyper-V", figures);
  return figures;
}

interface Counted {
  readonly host: Host;
  /** Requests to workers that `job` made. */
  readonly during: (job: () => Promise<unknown>) => Promise<number>;
}

function countedHost(simulator: Simulator, program: string): Counted {
  let asked = 0;
  const host = hypervHost(
    {
      workers: { ...defaultWorkerSettings, command: simulator.worker("hv-1", program) },
      group: "bench",
      slotsPerVm: HYPERV_SLOTS_PER_VM,
      longestMergeMs: LONGEST_MERGE_MS,
      diskTypes: ["fixed", "dynamic"],
    },
    silentLog(),
    () => asked++,
  );
  const during = async (job: () => Promise<unknown>) => {
    const before = asked;
    await job();
    return asked - before;
  };
  return { host, during };
}

/** As the engine asks for a CSI call, once the host has been looked at. */
async function roundTrips(directory: string, program: string): Promise<Figure[]> {
  // VMs that are off get no loop devices: what is counted needs none.
  const vms = [simVm("one"), simVm("two")].map((vm) => ({ ...vm, state: OFF }));
  const simulator = await new Simulator(join(directory, "small")).make(vms);
  const { host, during } = countedHost(simulator, program);
  const pool = join(directory, "pool");
  await mkdir(pool, { recursive: true });
  const { engine, close } = await openEngine(
    {
      pools: [{ name: "default", directory: pool }],
      groups: ["bench"],
      owner: "a bench",
      known: knownPools(),
    },
    host,
    defaultEngineSettings,
    createMetrics(),
    silentLog(),
  );
  try {
    const { id } = await engine.createVolume(newVolume(randomUUID(), exactly(8n * MiB)), context());
    const vmId = vms[0]?.id ?? "";
    // The first round of looking after the VMs ends meanwhile.
    await host.leftovers(true);
    await host.listVms();
    const attach = () => engine.attach(vmId, id, false, undefined, context());
    return [
      most("round trips: attach", await during(attach), 1),
      most("round trips: attach of an attached volume", await during(attach), 1),
      most("round trips: list of VMs", await during(() => engine.listVms(context())), 1),
      most(
        "round trips: list of volumes with attachments",
        await during(() => engine.listVolumes({ maxEntries: 0, token: undefined }, context())),
        1,
      ),
      most("round trips: detach", await during(() => engine.detach(vmId, id, context())), 1),
      most(
        "round trips: detach of a detached volume",
        await during(() => engine.detach(vmId, id, context())),
        1,
      ),
    ];
  } finally {
    await close();
    await host.close();
  }
}

async function largeInventory(directory: string, program: string): Promise<Figure[]> {
  const vms = Array.from({ length: VMS }, (_, index) => {
    const vm = simVm(`vm-${index}`);
    const [controllerId = ""] = vm.controllers;
    const drives = Array.from({ length: DISKS_PER_VM }, (_unused, lun) => ({
      ...{ controllerId, lun: lun + 2, readOnly: false, minimumIops: 0, maximumIops: 0 },
      path: join(directory, "pool", `pvc-${randomUUID()};${randomUUID()}.vhdx`),
    }));
    return { ...vm, state: OFF, drives };
  });
  const simulator = await new Simulator(join(directory, "large")).make(vms);
  const { host, during } = countedHost(simulator, program);
  try {
    await host.listAttachments();
    const before = process.cpuUsage();
    let found = 0;
    const asked = await during(async () => {
      found = (await host.listAttachments()).length;
    });
    const { user, system } = process.cpuUsage(before);
    if (found !== VMS * DISKS_PER_VM) throw new Error(`${found} attachments were listed`);
    return [
      most(`round trips: attachments of ${VMS} VMs with ${DISKS_PER_VM} disks each`, asked, 1),
      { what: "own CPU time of that list", value: (user + system) / 1000, unit: "ms", atMost: 1000 },
    ];
  } finally {
    await host.close();
  }
}

function most(what: string, value: number, atMost: number): Figure {
  return { what, value, unit: "calls", atMost };
}

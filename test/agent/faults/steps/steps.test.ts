import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { expect } from "chai";
import type { Engine } from "../../../../src/agent/engine/engine.ts";
import { bundleOf } from "../../../support/bundle.ts";
import { readDisk } from "../../../support/disk-content.ts";
import { needsLoopDevices } from "../../../support/needs-loop-devices.ts";
import { startProcess } from "../../../support/own-processes.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";
import { call, openPlace, type Place, poolOf, transferOf } from "./place.ts";
import { CONTENT, CONTENT_BYTES, type Ids, type Scenario, scenarios } from "./scenarios.ts";

/** What an engine serves; old and new state of a change are compared by it. */
interface Served {
  readonly volumes: readonly {
    readonly name: string;
    readonly size: bigint;
    readonly full: boolean;
    readonly state: string;
  }[];
  readonly snapshots: number;
  readonly deleted: readonly string[];
}

describe("an engine that dies after any single step", function () {
  this.timeout(300_000);
  const path = scratchDirectory();
  const program = bundleOf("test/agent/faults/steps/dying-engine.ts");
  before(needsLoopDevices);

  async function newPlace({ retentionMs = 0 }: Scenario): Promise<Place> {
    const place = { directory: path(randomUUID()), vmId: randomUUID(), retentionMs };
    await mkdir(transferOf(place), { recursive: true });
    return place;
  }

  async function withEngine<T>(place: Place, work: (engine: Engine) => Promise<T>): Promise<T> {
    const { engine, close } = await openPlace(place);
    try {
      return await work(engine);
    } finally {
      await close();
    }
  }

  /** All there is, as an administrator sees it; ids are left out. */
  async function holdings(place: Place): Promise<string[]> {
    const files = await Promise.all(
      [...(["one", "two"] as const).map((pool) => poolOf(place, pool)), transferOf(place)].map((directory) =>
        readdir(directory, { recursive: true }),
      ),
    );
    const guid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
    return (
      files
        .flat()
        .map((file) => file.replace(guid, "ID"))
        // The index is written now and then; a VM's directory goes when a start finds it empty.
        .filter((file) => file !== ".index" && file !== ".vms/ID")
        .sort()
    );
  }

  /** What the engine serves, and whether it is whole. */
  async function served(engine: Engine): Promise<Served> {
    const page = { maxEntries: 0, token: undefined };
    const { items } = await engine.listVolumes(page, call());
    const volumes = items.map(async ({ name, size, path: disk, pool, labels, fault, attachments }) => {
      const content = await readDisk(disk, 0n, CONTENT_BYTES);
      const [first = 0] = content;
      expect(content.every((byte) => byte === first) && (first === 0 || first === CONTENT), name).to.equal(
        true,
      );
      const state = [pool, labels, fault, attachments.length];
      return { name, size, full: first === CONTENT, state: JSON.stringify(state) };
    });
    const snapshots = (await engine.listSnapshots(undefined, page, call())).items.map(({ name }) => name);
    const deleted = (await engine.listDeletedVolumes(call())).map(({ name }) => name);
    expect(await engine.doctor(false, call())).to.deep.equal([]);
    return {
      volumes: (await Promise.all(volumes)).sort((one, other) => (one.name < other.name ? -1 : 1)),
      snapshots: snapshots.length,
      deleted,
    };
  }

  async function expectDone(engine: Engine, scenario: Scenario, ids: Ids, place: Place): Promise<void> {
    const { volumes, snapshots } = await served(engine);
    const found = Object.fromEntries(volumes.map(({ name, size, full }) => [name, { size, full }]));
    expect(found).to.deep.equal(scenario.volumes);
    expect(snapshots).to.equal(scenario.snapshots ?? 0);
    expect(await scenario.holds?.(engine, ids, place)).to.be.oneOf([true, undefined]);
  }

  async function cleanUp(engine: Engine, { vmId }: Place): Promise<void> {
    for (const { id } of (await engine.listVolumes({ maxEntries: 0, token: undefined }, call())).items) {
      await engine.detach(vmId, id, call());
    }
  }

  for (const scenario of scenarios) {
    it(`finishes what was begun or leaves nothing of it: ${scenario.name}`, async () => {
      const undisturbed = await newPlace(scenario);
      const { before, after, expected } = await withEngine(undisturbed, async (engine) => {
        const ids = await scenario.prepare(engine, undisturbed);
        const before = await served(engine);
        await scenario.change(engine, ids, undisturbed);
        await expectDone(engine, scenario, ids, undisturbed);
        const after = await served(engine);
        const expected = await holdings(undisturbed);
        await cleanUp(engine, undisturbed);
        return { before, after, expected };
      });
      let steps = 0;
      for (let killed = true; killed;) {
        steps++;
        const place = await newPlace(scenario);
        const ids = await withEngine(place, (engine) => scenario.prepare(engine, place));
        const request = JSON.stringify({ name: scenario.name, steps, ids, place });
        const dying = startProcess(process.execPath, [program, request]);
        const exitCode = await dying.ended();
        killed = exitCode === null;
        if (!killed) expect(exitCode, dying.output()).to.equal(0);
        await withEngine(place, async (engine) => {
          try {
            expect(await served(engine)).to.be.deep.oneOf([before, after]);
            await scenario.change(engine, ids, place);
            await expectDone(engine, scenario, ids, place);
            expect(await holdings(place)).to.deep.equal(expected);
          } catch (error) {
            throw new Error(`killed after step ${steps}: ${String(error)}`, { cause: error });
          } finally {
            await cleanUp(engine, place);
          }
        });
        await rm(place.directory, { recursive: true });
      }
      console.log(`      ${scenario.name}: ${steps - 1} steps`);
      expect(steps).to.be.above(2);
    });
  }
});

import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { runAny } from "../../src/kit/run.ts";
import { type Driver, drivers, onXfs, placesOf } from "./support/driver.ts";
import { Life } from "./support/life.ts";
import { leftBehind } from "./support/nothing-left.ts";

const VOLUMES = 3;
const ROUNDS = Number(process.env["CSI_GROUP_ROUNDS"] ?? 12);

/** Writes record after record, each durable on its volume before the next one is written on the next volume. */
class Writer {
  #written = 0;
  readonly #targets: readonly string[];
  readonly #stopping = new AbortController();
  readonly #work: Promise<void>;

  constructor(targets: readonly string[]) {
    this.#targets = targets;
    this.#work = this.#run();
    // What it throws is told by stop().
    this.#work.catch(() => undefined);
  }

  /** Records that are durable. */
  get written(): number {
    return this.#written;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const target = this.#targets[this.#written % this.#targets.length]!;
      const file = await open(join(target, `r-${this.#written}`), "wx");
      await file.write(String(this.#written));
      await file.sync();
      await file.close();
      this.#written++;
    }
  }
}

describe("a group snapshot of volumes that one program writes to in turn", function () {
  this.timeout(300_000);
  const driver = drivers(onXfs(64));

  async function mounted(name: string): Promise<Life> {
    const life = new Life(driver(), name, { fsType: "xfs" });
    await life.create(life.disk);
    await bringUp(life, life.disk);
    return life;
  }

  /** Numbers of the records in a copy of a snapshot. */
  async function recordsIn(life: Life, snapshot_id: string): Promise<number[]> {
    await life.create(life.copy, { snapshot: { snapshot_id } });
    await bringUp(life, life.copy);
    const names = await readdir(placesOf(driver(), life.copy.name).target);
    await tearDown(life, life.copy);
    return names.filter((name) => name.startsWith("r-")).map((name) => Number(name.slice(2)));
  }

  it(`holds a prefix of what was written, in each of ${ROUNDS} rounds`, async () => {
    const lives = await Promise.all(
      Array.from({ length: VOLUMES }, (_, index) => mounted(`member-${index}`)),
    );
    const writer = new Writer(lives.map(({ disk }) => placesOf(driver(), disk.name).target));
    const cuts: number[] = [];
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const before = writer.written;
        const { group_snapshot: group } = await driver().groups.CreateVolumeGroupSnapshot({
          name: `round-${round}`,
          source_volume_ids: lives.map(({ disk }) => disk.id),
        });
        const after = writer.written;
        expect(group?.ready_to_use).to.equal(true);
        const snapshots = group?.snapshots ?? [];
        const found = await Promise.all(
          lives.map((life) =>
            recordsIn(
              life,
              snapshots.find((each) => each.source_volume_id === life.disk.id)?.snapshot_id ?? "",
            ),
          ),
        );
        const records = found.flat().sort((one, other) => one - other);
        expect(records, `round ${round}`).to.deep.equal([...records.keys()]);
        // What was durable before is there; of what was written later there is nothing.
        expect(records.length).to.be.within(before, after + 1);
        cuts.push(records.length);
        await driver().groups.DeleteVolumeGroupSnapshot({
          group_snapshot_id: group?.group_snapshot_id ?? "",
          snapshot_ids: snapshots.map(({ snapshot_id = "" }) => snapshot_id),
        });
      }
    } finally {
      await writer.stop();
    }
    console.log(`      ${writer.written} records, cut after ${cuts.join(", ")}`);
    expect(new Set(cuts).size, "the writer went on between the cuts").to.equal(ROUNDS);
    for (const { disk } of lives) await refuseFrozen(driver(), disk.name);
    for (const life of lives) await tearDown(life, life.disk);
    expect(await leftBehind(driver())).to.deep.equal([]);
  });

  /** fsfreeze succeeds in thawing only what is frozen. */
  async function refuseFrozen(of: Driver, name: string): Promise<void> {
    const { exitCode } = await runAny("fsfreeze", ["--unfreeze", placesOf(of, name).staging]);
    expect(exitCode, `${name} is not frozen any more`).not.to.equal(0);
  }

  async function bringUp(life: Life, disk: Life["disk"]): Promise<void> {
    await mkdir(placesOf(driver(), disk.name).staging, { recursive: true });
    await life.attach(disk);
    await life.stage(disk);
    await life.show(disk);
  }

  async function tearDown(life: Life, disk: Life["disk"]): Promise<void> {
    await life.hide(disk);
    await life.unstage(disk);
    await life.detach(disk);
    await life.delete(disk);
  }
});

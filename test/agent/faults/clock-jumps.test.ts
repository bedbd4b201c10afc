import { expect } from "chai";
import { openEngine } from "../../../src/agent/engine/open-engine.ts";
import { knownPools } from "../../support/known-pools.ts";
import { defaultEngineSettings } from "../../../src/agent/engine/settings.ts";
import { silentLog } from "../../../src/kit/log.ts";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { exactly, newVolume } from "../../support/engine-rig.ts";
import { FakeHost } from "../../support/fake-host.ts";
import { context } from "../../support/local-rig.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const ALL = { maxEntries: 0, token: undefined };

describe("an engine whose clock jumps", () => {
  const path = temporaryDirectory();
  const realNow = Date.now;
  afterEach(() => {
    Date.now = realNow;
  });
  const jumpBy = (milliseconds: number) => {
    Date.now = () => realNow() + milliseconds;
  };
  const open = () =>
    openEngine(
      {
        pools: [{ name: "default", directory: path("pool") }],
        groups: ["test"],
        owner: "a test",
        known: knownPools(),
      },
      new FakeHost(),
      { ...defaultEngineSettings, retentionMs: HOUR },
      createMetrics(),
      silentLog(),
    );

  it("goes on, loses nothing, keeps what it was told to keep, and starts again at any time", async () => {
    let { engine, close } = await open();
    const kept = await engine.createVolume(newVolume("kept", exactly(8n * MiB)), context());
    await engine.deleteVolume(kept.id, context());
    const names: string[] = [];
    for (const jump of [10 * YEAR, -10 * YEAR, -40 * YEAR, -80 * YEAR, 7900 * YEAR]) {
      jumpBy(jump);
      const name = `made-at-${jump / YEAR}`;
      names.push(name);
      const volume = await engine.createVolume(
        newVolume(name, exactly(8n * MiB), { labels: { jump: String(jump) } }),
        context(),
      );
      await engine.expandVolume(volume.id, exactly(16n * MiB), context());
      await engine.createSnapshot({ name, sourceVolumeId: volume.id, labels: {} }, context());
      expect((await engine.listVolumes(ALL, context())).items.map((each) => each.name)).to.have.members(
        names,
      );
      expect(await engine.doctor(false, context())).to.deep.equal([]);
    }
    expect(await engine.listDeletedVolumes(context())).to.have.lengthOf(1);
    await close();
    ({ engine, close } = await open());
    try {
      const { items } = await engine.listVolumes(ALL, context());
      expect(items.map((each) => each.name)).to.have.members(names);
      expect((await engine.listSnapshots(undefined, ALL, context())).items).to.have.lengthOf(names.length);
      expect(items.map(({ size, fault }) => [size, fault])).to.deep.equal(
        names.map(() => [16n * MiB, undefined]),
      );
    } finally {
      await close();
    }
  });
});

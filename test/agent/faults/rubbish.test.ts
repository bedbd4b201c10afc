import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { readDisk, writeDisk } from "../../support/disk-content.ts";
import {
  type EngineRig,
  engineRigs,
  exactly,
  makeVolume,
  newVolume,
  restarted,
} from "../../support/engine-rig.ts";
import { context } from "../../support/local-rig.ts";
import { Random } from "../../support/random.ts";
import { refused } from "../../support/refused.ts";
import { litter } from "./rubbish.ts";

const PIECES = 1000;
const ALL = { maxEntries: 0, token: undefined };
/** Files that the agent itself writes. */
const OWN = /^\.(index|lock|hyperv-csi\.json)|^(\.snapshots\/)?(mine|new|cut);/;

describe(`a pool with ${PIECES} files of rubbish`, function () {
  this.timeout(300_000);
  const newRig = engineRigs();

  /** What each file below a directory is, byte for byte; names are taken as bytes. */
  async function contents(directory: string, below = "", found = new Map<string, string>()) {
    for (const bytes of await readdir(Buffer.from(directory), { encoding: "buffer" })) {
      const name = below + bytes.toString("latin1");
      if (OWN.test(name)) continue;
      const path = Buffer.concat([Buffer.from(`${directory}/`), bytes]);
      const stat = await lstat(path);
      if (stat.isDirectory()) await contents(path.toString(), `${name}/`, found);
      if (stat.isSymbolicLink()) found.set(name, await readlink(path));
      else if (stat.isFile() && stat.size < MiB) {
        found.set(
          name,
          createHash("sha256")
            .update(await readFile(path))
            .digest("hex"),
        );
      } else found.set(name, String(stat.mode) + (stat.isFile() ? ` ${stat.size}` : ""));
    }
    return found;
  }

  async function expectAtWork(rig: EngineRig): Promise<void> {
    const { engine } = rig;
    const names = (await engine.listVolumes(ALL, context())).items
      .filter(({ fault }) => fault === undefined)
      .map(({ name }) => name);
    expect(names).to.deep.equal(["mine"]);
    const mine = await engine.getVolume("mine", context());
    expect((await readDisk(mine.path, 0n, 512)).every((byte) => byte === 9)).to.equal(true);
    const made = await makeVolume(rig, 8n * MiB, "new");
    const cut = { name: "cut", sourceVolumeId: mine.id, labels: {} };
    const snapshot = await engine.createSnapshot(cut, context());
    await engine.expandVolume(made.id, exactly(16n * MiB), context());
    await engine.deleteSnapshot(snapshot.id, context());
    await engine.deleteVolume(made.id, context());
  }

  it("is served, with all its rubbish left as it is, reported, and never taken for a volume", async () => {
    let rig = await newRig();
    const mine = await rig.engine.createVolume(
      newVolume("mine", exactly(8n * MiB), { labels: { app: "db" } }),
      context(),
    );
    await writeDisk(mine.path, 0n, Buffer.alloc(512, 9));
    const { layout } = rig.pool;
    const places = [layout.directory, layout.snapshots, layout.temporary, layout.deleted];
    await litter(places, PIECES, new Random(3));
    const before = await contents(layout.directory);
    expect(before.size).to.be.at.least(PIECES);
    await expectAtWork(rig);
    rig = await restarted(rig);
    await expectAtWork(rig);
    const findings = await rig.engine.doctor(true, context());
    expect(findings.length).to.be.at.least(PIECES * 0.8);
    await refused(makeVolume(rig, 8n * MiB, "pvc-5"), "FAILED_PRECONDITION");
    expect(await contents(layout.directory)).to.deep.equal(before);
    rig = await restarted(rig);
    await expectAtWork(rig);
    await rig.close();
  });
});

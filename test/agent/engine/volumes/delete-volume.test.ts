import { randomUUID } from "node:crypto";
import { readdir, rename, rm } from "node:fs/promises";
import { expect } from "chai";
import { isThere } from "../../../../src/kit/is-there.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import {
  engineRigs,
  exactly,
  makeVolume,
  newVolume,
  restarted,
  type EngineRig,
} from "../../../support/engine-rig.ts";
import { flushes } from "../../../support/flushes.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("deleting a volume", () => {
  const newRig = engineRigs();
  const disksIn = async ({ pool }: EngineRig) =>
    (await readdir(pool.directory)).filter((name) => name.endsWith(".vhdx"));

  it("removes its disk, again without harm, and frees its name for another", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig, 8n * MiB, "data");
    const kept = await makeVolume(rig, 8n * MiB, "kept");
    for (let i = 0; i < 2; i++) await rig.engine.deleteVolume(id, context());
    expect(await disksIn(rig)).to.deep.equal([`kept;${kept.id}.vhdx`]);
    await refused(rig.engine.getVolume(id, context()), "NOT_FOUND");
    const next = await rig.engine.createVolume(newVolume("data", exactly(16n * MiB)), context());
    expect(next.id).not.to.equal(id);
  });

  it("that never was is success", async () => {
    const rig = await newRig();
    for (const id of [randomUUID(), "", "../../etc/passwd", "x".repeat(1000)])
      await rig.engine.deleteVolume(id, context());
  });

  it("is refused while a VM has it, which the message names", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig);
    const [vm] = rig.host.vms;
    await rig.engine.attach(vm!.id, id, true, undefined, context());
    await refused(rig.engine.deleteVolume(id, context()), "FAILED_PRECONDITION", vm!.id);
    expect(await disksIn(rig)).to.have.length(1);
    await rig.engine.detach(vm!.id, id, context());
    await rig.engine.deleteVolume(id, context());
    expect(await disksIn(rig)).to.deep.equal([]);
  });

  it("succeeds when somebody else removed the disk before", async () => {
    const rig = await newRig();
    const { id, path } = await makeVolume(rig);
    await rm(path);
    await rig.engine.deleteVolume(id, context());
    await refused(rig.engine.getVolume(id, context()), "NOT_FOUND");
  });

  /** After a start that missed the disk of a volume with a label; `bringBack` puts it, or another disk, in its place. */
  async function withoutDisk(retentionMs = 0) {
    const rig = await newRig({ settings: { retentionMs } });
    const request = newVolume("data", exactly(8n * MiB), { labels: { app: "db" } });
    const { id, path } = await rig.engine.createVolume(request, context());
    await rename(path, `${path}.away`);
    const after = await restarted(rig, { known: rig.known });
    expect((await after.engine.getVolume(id, context())).fault).to.include("missing");
    return { rig: after, id, path, bringBack: (from = `${path}.away`) => rename(from, path) };
  }

  it("whose missing disk is back removes that, too", async () => {
    const { rig, id, bringBack } = await withoutDisk();
    await bringBack();
    await rig.engine.deleteVolume(id, context());
    expect(await disksIn(rig)).to.deep.equal([]);
    const after = await restarted(rig, { known: rig.known });
    await refused(after.engine.getVolume(id, context()), "NOT_FOUND");
  });

  it("whose missing disk is back keeps it as long as others", async () => {
    const { rig, id, bringBack } = await withoutDisk(3600_000);
    await bringBack();
    await rig.engine.deleteVolume(id, context());
    expect(await disksIn(rig)).to.deep.equal([]);
    expect(await rig.engine.restoreVolume(id, context())).to.include({ id, size: 8n * MiB });
  });

  it("leaves another disk in the place of the missing one alone", async () => {
    const { rig, id, path, bringBack } = await withoutDisk();
    const other = await makeVolume(rig);
    await bringBack(other.path);
    await refused(rig.engine.deleteVolume(id, context()), "FAILED_PRECONDITION", "instead of");
    expect(await isThere(path)).to.equal(true);
  });

  it("is not over until the removal is durable: a flush that fails is an error, and the retry ends it", async () => {
    const { sync, breaks } = flushes();
    const rig = await newRig({ pool: { sync } });
    const { id } = await makeVolume(rig, 8n * MiB, "data");
    breaks(true);
    await refused(rig.engine.deleteVolume(id, context()), "INTERNAL", "EIO");
    breaks(false);
    await rig.engine.deleteVolume(id, context());
    await refused(rig.engine.getVolume(id, context()), "NOT_FOUND");
  });

  it("lets the host forget the volume before its disk goes, and stops when the host can't", async () => {
    const rig = await newRig();
    const { id, path } = await makeVolume(rig);
    rig.host.forget = () => Promise.reject(new Error("links are stuck"));
    await refused(rig.engine.deleteVolume(id, context()), "INTERNAL", "stuck");
    await rename(path, path);
    await rig.engine.getVolume(id, context());
  });
});

describe("creating a volume whose name is not durable", () => {
  const newRig = engineRigs();

  it("fails, leaves nothing, and works when asked again", async () => {
    const { sync, breaks } = flushes();
    breaks(true);
    const rig = await newRig({ pool: { sync } });
    await refused(makeVolume(rig, 8n * MiB, "data"), "INTERNAL", "EIO");
    const left = await readdir(rig.pool.directory, { recursive: true });
    expect(left.filter((name) => name.endsWith(".vhdx"))).to.deep.equal([]);
    await refused(rig.engine.getVolume("data", context()), "NOT_FOUND");
    breaks(false);
    await makeVolume(rig, 8n * MiB, "data");
  });
});

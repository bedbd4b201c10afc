import { randomUUID } from "node:crypto";
import { expect } from "chai";
import type { Attachment, DiskFile } from "../../../../src/agent/hosts/host.ts";
import { GiB, MiB, TiB } from "../../../../src/kit/sizes.ts";
import { createVhdx, growFixed, inspectVhdx } from "../../../../src/vhdx/index.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { engineRigs, exactly, makeVolume, restarted, type EngineRig } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { writeDisk } from "../../../support/disk-content.ts";
import { refused } from "../../../support/refused.ts";

const SIZE = 8n * MiB;

describe("expanding a volume", () => {
  const newRig = engineRigs();
  const expand = ({ engine }: EngineRig, id: string, required: bigint, limit?: bigint) =>
    engine.expandVolume(id, { required, limit }, context());
  const onDisk = async (path: string) => (await inspectVhdx(path)).virtualSize;

  it("grows the disk, again without harm, and is remembered", async () => {
    const rig = await newRig();
    const { id, path } = await makeVolume(rig, SIZE);
    for (let i = 0; i < 2; i++) {
      expect(await expand(rig, id, 3n * SIZE)).to.deep.equal({
        size: 3n * SIZE,
        nodeExpansionRequired: true,
      });
    }
    expect(await onDisk(path)).to.equal(3n * SIZE);
    expect((await rig.engine.getVolume(id, context())).size).to.equal(3n * SIZE);
    expect((await (await restarted(rig)).engine.getVolume(id, context())).size).to.equal(3n * SIZE);
  });

  it("rounds up to whole blocks and never shrinks", async () => {
    const rig = await newRig();
    const { id, path } = await makeVolume(rig, SIZE);
    expect((await expand(rig, id, SIZE + 1n)).size).to.equal(SIZE + 2n * MiB);
    for (const required of [0n, 1n, SIZE])
      expect((await expand(rig, id, required)).size).to.equal(SIZE + 2n * MiB);
    expect(await onDisk(path)).to.equal(SIZE + 2n * MiB);
  });

  it("respects the limit, also when the volume is beyond it already", async () => {
    const rig = await newRig();
    const { id, path } = await makeVolume(rig, SIZE);
    await refused(expand(rig, id, SIZE + 1n, SIZE + 2n), "OUT_OF_RANGE", String(SIZE + 2n));
    await refused(expand(rig, id, MiB, SIZE - 1n), "OUT_OF_RANGE", String(SIZE));
    expect((await expand(rig, id, MiB, SIZE)).size).to.equal(SIZE);
    expect(await onDisk(path)).to.equal(SIZE);
  });

  it("ends at the size that the disk was laid out for, and says which that is", async () => {
    const rig = await newRig({ free: () => 2n ** 60n });
    const { id, path } = await makeVolume(rig, SIZE);
    const { maximumSize } = await inspectVhdx(path);
    expect(maximumSize >= 2n * TiB).to.equal(true);
    await refused(expand(rig, id, maximumSize + 1n), "OUT_OF_RANGE", "2 TiB at most");
    await refused(expand(rig, id, 64n * TiB + 1n), "OUT_OF_RANGE", "64 TiB");
    await refused(expand(rig, id, -1n), "INVALID_ARGUMENT", "negative");
    expect(await onDisk(path)).to.equal(SIZE);
    expect((await expand(rig, id, 2n * TiB)).size).to.equal(2n * TiB);
    expect(await onDisk(path)).to.equal(2n * TiB);
  });

  it("needs room for what is added, not for the whole", async () => {
    const rig = await newRig({ free: () => SIZE });
    const { id, path } = await makeVolume(rig, SIZE);
    await refused(
      expand(rig, id, SIZE + 1n),
      "RESOURCE_EXHAUSTED",
      /free to promise, less than the 2 MiB asked/,
    );
    await writeDisk(path, 0n, Buffer.alloc(Number(SIZE), 7));
    await refused(expand(rig, id, 2n * SIZE + 1n), "RESOURCE_EXHAUSTED", "8 MiB free to promise");
    expect(await onDisk(path)).to.equal(SIZE);
    await expand(rig, id, 2n * SIZE);
    await refused(expand(rig, id, 2n * SIZE + 1n), "RESOURCE_EXHAUSTED", /free to promise/);
  });

  it("ends what an earlier call left half done: the file has grown, the device has not", async () => {
    class HalfwayHost extends FakeHost {
      grown: bigint[] = [];
      override async growAttached(...[disk, , size]: Parameters<FakeHost["growAttached"]>): Promise<bigint> {
        await growFixed(disk.path, size);
        this.grown.push(size);
        if (this.grown.length === 1) throw new Error("killed before the device followed");
        return size;
      }
    }
    const host = new HalfwayHost();
    const rig = await newRig({ host });
    const { id, path } = await makeVolume(rig, SIZE);
    await rig.engine.attach(host.vms[0]!.id, id, false, undefined, context());
    await refused(expand(rig, id, 2n * SIZE), "INTERNAL", "killed");
    expect(await onDisk(path)).to.equal(2n * SIZE);
    expect((await rig.engine.getVolume(id, context())).size).to.equal(SIZE);
    expect((await expand(rig, id, 2n * SIZE)).size).to.equal(2n * SIZE);
    expect(host.grown).to.deep.equal([2n * SIZE, 2n * SIZE]);
    expect((await rig.engine.getVolume(id, context())).size).to.equal(2n * SIZE);
  });

  it("tells and keeps the size that the host made of it", async () => {
    class RoundingHost extends FakeHost {
      override async growAttached(disk: DiskFile, attachment: Attachment, size: bigint): Promise<bigint> {
        return await super.growAttached(disk, attachment, size + 2n * MiB);
      }
    }
    const host = new RoundingHost();
    const rig = await newRig({ host });
    const { id } = await makeVolume(rig, SIZE);
    await rig.engine.attach(host.vms[0]!.id, id, false, undefined, context());
    expect((await expand(rig, id, 2n * SIZE)).size).to.equal(2n * SIZE + 2n * MiB);
    expect((await rig.engine.getVolume(id, context())).size).to.equal(2n * SIZE + 2n * MiB);
  });

  it("of a disk attached read-only is refused, unless it has the size already", async () => {
    const rig = await newRig();
    const { id, path } = await makeVolume(rig, SIZE);
    await rig.engine.attach(rig.host.vms[0]!.id, id, true, undefined, context());
    await refused(expand(rig, id, 2n * SIZE), "FAILED_PRECONDITION", "read-only");
    expect(await onDisk(path)).to.equal(SIZE);
    expect((await expand(rig, id, SIZE)).size).to.equal(SIZE);
  });

  it("of a volume that is not there, or whose file is gone, fails", async () => {
    const rig = await newRig();
    await refused(expand(rig, randomUUID(), SIZE), "NOT_FOUND");
  });

  it("of an adopted disk keeps to that disk's own blocks and room", async () => {
    const rig = await newRig();
    const id = randomUUID();
    const path = rig.pool.layout.disk("adopted", id);
    await createVhdx(path, {
      type: "fixed",
      size: SIZE,
      maximumSize: 3n * GiB,
      blockSize: 1024 * 1024,
      virtualDiskId: id,
    });
    const again = await restarted(rig);
    expect((await expand(again, id, SIZE + 1n)).size).to.equal(SIZE + MiB);
    const { maximumSize } = await inspectVhdx(path);
    await refused(expand(again, id, maximumSize + 1n), "OUT_OF_RANGE", "at most");
    expect((await again.engine.expandVolume(id, exactly(SIZE), context())).size).to.equal(SIZE + MiB);
  });

  it("grows an adopted dynamic disk, and leaves it alone at the size it has", async () => {
    const rig = await newRig();
    const id = randomUUID();
    const path = rig.pool.layout.disk("dynamic", id);
    await createVhdx(path, { type: "dynamic", size: 64n * MiB, maximumSize: GiB, virtualDiskId: id });
    const again = await restarted(rig);
    for (let i = 0; i < 2; i++) expect((await expand(again, id, 96n * MiB)).size).to.equal(96n * MiB);
    expect(await inspectVhdx(path)).to.include({ type: "dynamic", virtualSize: 96n * MiB });
  });
});

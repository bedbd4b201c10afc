import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { expect } from "chai";
import { inspectVhdx } from "../../../src/vhdx/image/inspect.ts";
import { parentsInside } from "../../../src/vhdx/image/parent-resolver.ts";
import { cloneVhdx } from "../../../src/vhdx/operations/clone.ts";
import { createChild } from "../../../src/vhdx/operations/create-child.ts";
import { checkVhdx } from "../../../src/vhdx/operations/check.ts";
import { makeDirty } from "../support/dirty.ts";
import { contentOf, diskWith, writeRandom } from "../support/disks.ts";
import { createInMemory } from "../support/images.ts";
import { mountedFileSystem } from "../support/mounted.ts";
import { expectVhdxError, rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { needs, qemuCheck, tool } from "../support/tools.ts";

describe("vhdx clone", function () {
  this.timeout(300_000);
  before(needs("qemu-img"));
  const path = temporaryDirectory();

  for (const type of ["dynamic", "fixed"] as const) {
    it(`of a ${type} disk has its content, ids of its own, and its holes`, async () => {
      const [source, target] = [path(`${type}.vhdx`), path(`${type}-clone.vhdx`)];
      await diskWith(source, [[1 << 20, 5000]], type);
      const bytes = await readFile(source);
      const { method, info } = await cloneVhdx(source, target);
      expect(method, "ext4 shares no space").to.equal("copy");
      await qemuCheck(target);
      await tool("qemu-img", "compare", source, target);
      expect((await readFile(source)).equals(bytes), "the source is as it was").to.equal(true);
      const original = await inspectVhdx(source);
      for (const name of ["virtualDiskId", "dataWriteGuid", "fileWriteGuid"] as const) {
        expect(info[name], name).not.to.equal(original[name]);
      }
      expect(info).to.include({
        type,
        virtualSize: original.virtualSize,
        payloadOffset: original.payloadOffset,
      });
      expect((await stat(target)).blocks).to.be.at.most((await stat(source)).blocks);
    });
  }

  it("takes the id it is given, and no nonsense", async () => {
    const virtualDiskId = "50c6799e-5469-4aa3-87e2-616089cc9a05";
    const { info } = await cloneVhdx(path("dynamic.vhdx"), path("named.vhdx"), { virtualDiskId });
    expect(info.virtualDiskId).to.equal(virtualDiskId);
    const error = await rejection(cloneVhdx(path("dynamic.vhdx"), path("x.vhdx"), { virtualDiskId: "disk" }));
    expect(error).to.be.instanceOf(RangeError);
  });

  it("of a disk with a pending log has none, and the source keeps its own", async () => {
    const file = await createInMemory(path("clean.vhdx"), { type: "dynamic" });
    await makeDirty(file, [{ offset: 3n << 20n, length: 4096n }]);
    await file.save(path("dirty.vhdx"));
    const bytes = await readFile(path("dirty.vhdx"));
    const { info } = await cloneVhdx(path("dirty.vhdx"), path("replayed.vhdx"));
    expect(info.logReplayPending).to.equal(false);
    expect((await readFile(path("dirty.vhdx"))).equals(bytes)).to.equal(true);
  });

  it("of a child finds the parent from where it lies", async () => {
    await mkdir(path("sub"));
    await createChild(path("child.avhdx"), path("dynamic.vhdx"), { blockSize: 1 << 20 });
    const resolveParent = parentsInside([path(".")]);
    await writeRandom(path("child.avhdx"), [[3 << 20, 700]], resolveParent);
    for (const target of ["child-clone.avhdx", "sub/child-clone.avhdx"]) {
      const { info } = await cloneVhdx(path("child.avhdx"), path(target));
      expect(info.parentLocator?.relativePath).to.equal(
        target.startsWith("sub") ? "..\\dynamic.vhdx" : ".\\dynamic.vhdx",
      );
      const content = await contentOf(path(target), resolveParent);
      expect(content.equals(await contentOf(path("child.avhdx"), resolveParent))).to.equal(true);
      expect((await checkVhdx(path(target), { resolveParent })).isClean).to.equal(true);
    }
  });

  it("leaves nothing behind when it fails, is stopped, or must not write", async () => {
    const before = await readdir(dirname(path("x")));
    await writeFile(path("taken.vhdx"), "precious");
    expect(await rejection(cloneVhdx(path("dynamic.vhdx"), path("taken.vhdx")))).to.have.property(
      "code",
      "EEXIST",
    );
    expect(await readFile(path("taken.vhdx"), "utf8")).to.equal("precious");
    await expectVhdxError(cloneVhdx(path("taken.vhdx"), path("x.vhdx")), "file identifier");
    const signal = AbortSignal.abort(new Error("stop"));
    expect(await rejection(cloneVhdx(path("dynamic.vhdx"), path("x.vhdx"), { signal }))).to.have.property(
      "message",
      "stop",
    );
    expect((await readdir(dirname(path("x")))).toSorted()).to.deep.equal(
      [...before, "taken.vhdx"].toSorted(),
    );
  });

  describe("on btrfs", () => {
    const shared = mountedFileSystem("btrfs");

    it("shares the space of its source and is a disk of its own", async () => {
      await diskWith(shared("source.vhdx"), [[0, 4 << 20]]);
      const { method, info } = await cloneVhdx(shared("source.vhdx"), shared("clone.vhdx"));
      expect(method).to.equal("block clone");
      expect(info.virtualDiskId).not.to.equal((await inspectVhdx(shared("source.vhdx"))).virtualDiskId);
      const content = await contentOf(shared("clone.vhdx"));
      expect(content.equals(await contentOf(shared("source.vhdx")))).to.equal(true);
      await writeRandom(shared("clone.vhdx"), [[100, 100]]);
      expect((await contentOf(shared("source.vhdx"))).equals(content), "and the source stays").to.equal(true);
    });
  });
});

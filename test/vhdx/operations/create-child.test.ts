import { mkdir, rename, stat, symlink } from "node:fs/promises";
import { posix, win32 } from "node:path";
import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { inspectVhdx } from "../../../src/vhdx/image/inspect.ts";
import { parentsInside } from "../../../src/vhdx/image/parent-resolver.ts";
import { createChild, parentPaths } from "../../../src/vhdx/operations/create-child.ts";
import { createVhdx } from "../../../src/vhdx/operations/create.ts";
import { contentOf, writeRandom } from "../support/disks.ts";
import { makeDirty } from "../support/dirty.ts";
import { MemoryFile } from "../support/memory-file.ts";
import { expectVhdxError, rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { needs, tool } from "../support/tools.ts";

describe("vhdx createChild", () => {
  const path = temporaryDirectory();
  const base = () => path("pool/base.vhdx");
  const windowsBase = () => base().replaceAll("/", "\\");
  let made = 0;
  const nextPath = () => path(`pool/${made++}.avhdx`);
  const resolveParent = () => parentsInside([path(".")]);

  before(async () => {
    for (const name of ["pool", "pool/deep", "other", "other/deep"]) await mkdir(path(name));
    await createVhdx(base(), {
      type: "fixed",
      size: 5n * MiB,
      virtualDiskId: randomGuid(),
      logicalSectorSize: 4096,
      physicalSectorSize: 4096,
    });
    await writeRandom(base(), [[4096, 3 << 20]]);
  });

  it("takes everything from the parent and shows what it holds", async () => {
    const parent = await inspectVhdx(base());
    const place = nextPath();
    const info = await createChild(place, base(), { creator: "a test" });
    expect(info).to.deep.include({
      type: "differencing",
      virtualSize: parent.virtualSize,
      virtualDiskId: parent.virtualDiskId,
      logicalSectorSize: 4096,
      physicalSectorSize: 4096,
      blockSize: 2 << 20,
      creator: "a test",
      payloadOffset: undefined,
      fileSize: 4n * MiB,
      parentLocator: {
        linkage: parent.dataWriteGuid,
        relativePath: ".\\base.vhdx",
        absolutePath: windowsBase(),
      },
    });
    expect(info.dataWriteGuid).not.to.equal(parent.dataWriteGuid);
    expect(await inspectVhdx(place)).to.deep.equal(info);
    expect((await contentOf(place, resolveParent())).equals(await contentOf(base()))).to.equal(true);
  });

  it("may be larger than its parent, and not smaller", async () => {
    const place = nextPath();
    const info = await createChild(place, base(), { size: 9n * MiB, blockSize: 1 << 20 });
    expect([info.virtualSize, info.blockSize]).to.deep.equal([9n * MiB, 1 << 20]);
    const content = await contentOf(place, resolveParent());
    expect(content.subarray(0, 5 << 20).equals(await contentOf(base()))).to.equal(true);
    expect(content.subarray(5 << 20).equals(Buffer.alloc(4 << 20))).to.equal(true);

    const small = nextPath();
    expect(await rejection(createChild(small, base(), { size: 4n * MiB }))).to.be.instanceOf(RangeError);
    expect(await rejection(stat(small))).to.have.property("code", "ENOENT");
  });

  it("finds its parent from a directory behind a link, and after either of them has moved", async () => {
    await symlink(path("other/deep"), path("linked"));
    const place = path("linked/c.avhdx");
    const info = await createChild(place, base());
    expect(info.parentLocator?.relativePath).to.equal("..\\..\\pool\\base.vhdx");
    const expected = await contentOf(base());
    expect((await contentOf(place, resolveParent())).equals(expected)).to.equal(true);
    await rename(place, path("pool/deep/c.avhdx"));
    expect((await contentOf(path("pool/deep/c.avhdx"), resolveParent())).equals(expected)).to.equal(true);
  });

  it("stands on a parent whose log is pending, which stays as it is", async () => {
    const file = await MemoryFile.load(base(), 20 << 20);
    const bytes = Buffer.alloc(4096, 7);
    await makeDirty(file, [{ offset: 4n * MiB, data: bytes }]);
    const dirty = path("pool/dirty.vhdx");
    await file.save(dirty);
    const place = nextPath();
    await createChild(place, dirty);
    expect((await inspectVhdx(dirty)).logReplayPending).to.equal(true);
    expect((await contentOf(place, resolveParent())).subarray(0, 4096).equals(bytes)).to.equal(true);
  });

  it("is tied to the parent as it is now", async () => {
    const parent = path("pool/changing.vhdx");
    await createVhdx(parent, { type: "dynamic", size: MiB, virtualDiskId: randomGuid() });
    const place = nextPath();
    await createChild(place, parent);
    await writeRandom(parent, [[0, 512]]);
    await expectVhdxError(
      contentOf(place, resolveParent()),
      "parent locator",
      /changing\.vhdx .*has changed/,
    );
  });

  it("never replaces a file, least of all its parent", async () => {
    const before = await contentOf(base());
    expect(await rejection(createChild(base(), base()))).to.have.property("code", "EEXIST");
    expect((await contentOf(base())).equals(before)).to.equal(true);
    expect(await rejection(createChild(nextPath(), path("none.vhdx")))).to.have.property("code", "ENOENT");
  });

  it("is what libvhdi says it is", async function () {
    await needs("vhdiinfo").call(this);
    const plain = path("pool/plain.vhdx");
    const parent = await createVhdx(plain, { type: "dynamic", size: 3n * MiB, virtualDiskId: randomGuid() });
    const place = nextPath();
    await createChild(place, plain);
    const text = await tool("vhdiinfo", place);
    expect(text).to.match(/Disk type\s*: Differential/);
    expect(text).to.match(new RegExp(`Parent identifier\\s*: ${parent.dataWriteGuid}`));
    expect(text).to.match(/Parent filename\s*: .*\\plain\.vhdx/);
  });
});

describe("vhdx paths of a parent", () => {
  it("are spelled as on Windows", () => {
    expect(parentPaths("/pool", "/pool/base.vhdx", "/pool/base.vhdx", posix)).to.deep.equal({
      relativePath: ".\\base.vhdx",
      absolutePath: "\\pool\\base.vhdx",
    });
    expect(parentPaths("C:\\vms\\a", "c:\\vms\\b\\x.vhdx", "C:\\vms\\b\\x.vhdx", win32)).to.deep.equal({
      relativePath: "..\\b\\x.vhdx",
      absolutePath: "C:\\vms\\b\\x.vhdx",
    });
    expect(parentPaths("/pool", "/pool/..odd/x", "/pool/..odd/x", posix).relativePath).to.equal(
      ".\\..odd\\x",
    );
  });

  it("are absolute only where no relative one leads to another drive or share", () => {
    for (const place of ["D:\\base.vhdx", "\\\\server\\share\\base.vhdx"]) {
      expect(parentPaths("C:\\vms", place, place, win32)).to.deep.equal({ absolutePath: place });
    }
  });
});

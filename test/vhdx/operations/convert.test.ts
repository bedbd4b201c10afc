import { randomBytes } from "node:crypto";
import { open, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { expect } from "chai";
import { inspectVhdx } from "../../../src/vhdx/image/inspect.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { createVhdx } from "../../../src/vhdx/operations/create.ts";
import { convertDisk } from "../../../src/vhdx/operations/convert.ts";
import { expectVhdxError, rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { needs, qemuCheck, tool } from "../support/tools.ts";

describe("vhdx conversion", function () {
  this.timeout(300_000);
  before(needs("qemu-img"));
  const path = temporaryDirectory();
  const raw = () => path("disk.raw");

  before(async () => {
    const handle = await open(raw(), "w");
    await handle.truncate((7 << 20) + 100);
    await handle.write(randomBytes(3 << 20), 0, 3 << 20, (1 << 20) + 77);
    await handle.write(Buffer.alloc(1 << 20), 0, 1 << 20, 5 << 20);
    await handle.write(randomBytes(100), 0, 100, 7 << 20);
    await handle.close();
  });

  for (const to of ["dynamic", "fixed"] as const) {
    it(`of raw to ${to} and back is the same disk, in whole sectors`, async () => {
      await convertDisk(raw(), path(`${to}.vhdx`), { from: "raw", to, blockSize: 1 << 20 });
      await qemuCheck(path(`${to}.vhdx`));
      await tool("qemu-img", "compare", "-f", "vhdx", "-F", "raw", path(`${to}.vhdx`), raw());
      const info = await inspectVhdx(path(`${to}.vhdx`));
      expect(info).to.include({ type: to, virtualSize: (7n << 20n) + 512n, blockSize: 1 << 20 });
      await convertDisk(path(`${to}.vhdx`), path(`${to}.raw`), { from: "vhdx", to: "raw" });
      const back = await readFile(path(`${to}.raw`));
      expect(back.length).to.equal((7 << 20) + 512);
      expect(back.subarray(0, (7 << 20) + 100).equals(await readFile(raw()))).to.equal(true);
      expect((await stat(path(`${to}.raw`))).blocks * 512, "holes stay holes").to.be.below(4 << 20);
    });
  }

  it("does not give zeros a block", async () => {
    const { fileSize } = await inspectVhdx(path("dynamic.vhdx"));
    // 4 MiB of structures, four blocks of the data at 1 MiB and the last one.
    expect(fileSize).to.equal(9n << 20n);
  });

  it("gives each target an id of its own, or the one asked for", async () => {
    const id = "50c6799e-5469-4aa3-87e2-616089cc9a05";
    await convertDisk(path("dynamic.vhdx"), path("named.vhdx"), {
      from: "vhdx",
      to: "dynamic",
      virtualDiskId: id,
    });
    await convertDisk(path("named.vhdx"), path("unnamed.vhdx"), { from: "vhdx", to: "dynamic" });
    expect((await inspectVhdx(path("named.vhdx"))).virtualDiskId).to.equal(id);
    expect((await inspectVhdx(path("unnamed.vhdx"))).virtualDiskId).not.to.equal(id);
  });

  it("keeps sectors of 4096 bytes", async () => {
    await createVhdx(path("source.vhdx"), {
      type: "dynamic",
      size: 3n << 20n,
      virtualDiskId: randomGuid(),
      logicalSectorSize: 4096,
    });
    await convertDisk(path("source.vhdx"), path("kept.vhdx"), { from: "vhdx", to: "fixed" });
    expect((await inspectVhdx(path("kept.vhdx"))).logicalSectorSize).to.equal(4096);
  });

  it("leaves nothing behind when it fails, is stopped, or must not write", async () => {
    const before = await readdir(dirname(raw()));
    await writeFile(path("precious.raw"), "precious");
    const taken = await rejection(convertDisk(raw(), path("precious.raw"), { from: "raw", to: "dynamic" }));
    expect(taken).to.have.property("code", "EEXIST");
    expect(await readFile(path("precious.raw"), "utf8")).to.equal("precious");
    await expectVhdxError(convertDisk(raw(), path("x"), { from: "vhdx", to: "raw" }), "file identifier");
    const abort = new AbortController();
    const stopped = await rejection(
      convertDisk(raw(), path("x"), {
        from: "raw",
        to: "dynamic",
        signal: abort.signal,
        onProgress: () => {
          abort.abort(new Error("enough"));
        },
      }),
    );
    expect(stopped).to.have.property("message", "enough");
    const wrong = await rejection(
      convertDisk(raw(), path("x"), { from: "raw", to: "dynamic", blockSize: 5 }),
    );
    expect(wrong).to.be.instanceOf(RangeError);
    expect((await readdir(dirname(raw()))).toSorted()).to.deep.equal([...before, "precious.raw"].toSorted());
  });

  it("tells how far it is", async () => {
    const seen: bigint[] = [];
    await convertDisk(raw(), path("told.vhdx"), {
      from: "raw",
      to: "dynamic",
      onProgress: (done, total) => {
        expect(total).to.equal((7n << 20n) + 512n);
        seen.push(done);
      },
    });
    expect(seen.length).to.be.within(2, 8);
    expect(seen.at(-1)).to.equal((7n << 20n) + 512n);
  });
});

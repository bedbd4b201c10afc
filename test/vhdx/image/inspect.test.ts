import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { blockTableLayout, tableView, writeEntry } from "../../../src/vhdx/format/block-table.ts";
import { randomGuid, writeGuid, ZERO_GUID } from "../../../src/vhdx/format/guid.ts";
import { headerLayout } from "../../../src/vhdx/format/header.ts";
import { mappablePayload, readImage } from "../../../src/vhdx/image/image.ts";
import { inspectVhdx, readIdentity } from "../../../src/vhdx/image/inspect.ts";
import { metadataItems } from "../../../src/vhdx/format/metadata.ts";
import { createVhdx } from "../../../src/vhdx/operations/create.ts";
import { createChild } from "../../../src/vhdx/operations/create-child.ts";
import { withLentBuffer } from "../../../src/vhdx/storage/lent-buffer.ts";
import { makeDirty } from "../support/dirty.ts";
import { createInMemory, edit, editAll, headers, regionTables, spoil } from "../support/images.ts";
import type { MemoryFile } from "../support/memory-file.ts";
import { expectVhdxError, rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

const itemsAt = 2n * MiB;
const tableAt = 3n * MiB;
const digest = async (file: string) =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex");

describe("vhdx inspectVhdx", () => {
  const path = temporaryDirectory();
  let fixed: MemoryFile;

  before(async () => {
    fixed = await createInMemory(path("fixed.vhdx"), { size: 8n * MiB });
  });

  const inspect = async (file: MemoryFile, name: string) => {
    await file.save(path(name));
    return inspectVhdx(path(name));
  };

  const putEntry = (file: MemoryFile, index: number, state: number, offsetMiB: number) => {
    const bytes = Buffer.alloc(8);
    writeEntry(tableView(bytes), 0, state, offsetMiB);
    file.put(tableAt + BigInt(index * blockTableLayout.entry.size), bytes);
  };

  it("reads a file nobody may write", async () => {
    await copyFile(path("fixed.vhdx"), path("read-only.vhdx"));
    await chmod(path("read-only.vhdx"), 0o444);
    expect((await inspectVhdx(path("read-only.vhdx"))).virtualSize).to.equal(8n * MiB);
  });

  it("keeps nothing of the memory that files are read into", async () => {
    const child = await createChild(path("lent-child.vhdx"), path("fixed.vhdx"));
    expect(child.parentLocator).to.not.equal(undefined);
    for (const name of ["fixed.vhdx", "lent-child.vhdx"]) {
      const info = await inspectVhdx(path(name));
      const before = structuredClone(info);
      await Promise.all(
        Array.from({ length: 8 }, () =>
          withLentBuffer(async (buffer) => {
            buffer.fill(0xff);
            await new Promise(setImmediate);
          }),
        ),
      );
      expect(info, name).to.deep.equal(before);
    }
  });

  it("uses header 2 when header 1 is damaged, and the other way round", async () => {
    for (const damaged of [0, 1]) {
      const file = fixed.copy();
      const guid = randomGuid();
      edit(file, headers[1 - damaged]!, (bytes) => {
        writeGuid(bytes, headerLayout.fileWriteGuid, guid);
      });
      spoil(file, headers[damaged]!);
      const info = await inspect(file, `header${damaged}.vhdx`);
      expect(info).to.include({ virtualSize: 8n * MiB, fileWriteGuid: guid });
    }
    const neither = fixed.copy();
    for (const header of headers) spoil(neither, header);
    await expectVhdxError(inspect(neither, "neither.vhdx"), "header");
  });

  it("uses the second region table when the first is damaged", async () => {
    const file = fixed.copy();
    spoil(file, regionTables[0]!);
    expect((await inspect(file, "region.vhdx")).payloadOffset).to.equal(4n * MiB);
  });

  it("replays a dirty log in memory and leaves the file as it is", async () => {
    const file = fixed.copy();
    const data = file.get(itemsAt + 0x10000n, 4096);
    data.writeBigUInt64LE(6n * MiB, 8);
    await makeDirty(file, [{ offset: itemsAt + 0x10000n, data }]);
    await file.save(path("dirty.vhdx"));
    const before = await digest(path("dirty.vhdx"));
    const info = await inspectVhdx(path("dirty.vhdx"));
    expect(info).to.deep.include({ virtualSize: 6n * MiB, logReplayPending: true, payloadOffset: 4n * MiB });
    expect((await readIdentity(path("dirty.vhdx"))).virtualSize).to.equal(6n * MiB);
    expect(await digest(path("dirty.vhdx"))).to.equal(before);
  });

  it("finds no mappable payload where an entry says otherwise", async () => {
    const gap = fixed.copy();
    putEntry(gap, 2, 6, 9);
    expect((await inspect(gap, "gap.vhdx")).payloadOffset).to.equal(undefined);
    const absent = fixed.copy();
    putEntry(absent, 3, 2, 0);
    expect((await inspect(absent, "absent.vhdx")).payloadOffset).to.equal(undefined);
  });

  it("finds no mappable payload over other structures or past the file's end", async () => {
    for (const [firstMiB, name] of [
      [0, "headers"],
      [1, "log"],
      [2, "metadata"],
      [3, "table"],
      [5, "end"],
      [2 ** 43, "space"],
    ] as const) {
      const file = fixed.copy();
      for (let index = 0; index < 4; index++) putEntry(file, index, 6, firstMiB + index * 2);
      expect(await mappablePayload(await readImage(file)), name).to.equal(undefined);
    }
  });

  it("refuses a file that ends inside its block table, also where no block is present", async () => {
    for (const [type, name] of [
      ["fixed", "cut-fixed.vhdx"],
      ["dynamic", "cut-dynamic.vhdx"],
    ] as const) {
      await createVhdx(path(name), { type, size: 64n * MiB, virtualDiskId: randomGuid() });
      await truncate(path(name), Number(tableAt) + 8);
      await expectVhdxError(inspectVhdx(path(name)), "block table", /reaches/);
    }
  });

  it("finds no mappable payload in a differencing disk", async () => {
    const info = await createChild(path("child.vhdx"), path("fixed.vhdx"));
    expect(await inspectVhdx(path("child.vhdx"))).to.deep.equal(info);
    expect(info.type).to.equal("differencing");
    expect(info.payloadOffset).to.equal(undefined);
  });

  it("maps a file longer than needed, not a shorter one", async () => {
    await copyFile(path("fixed.vhdx"), path("long.vhdx"));
    await truncate(path("long.vhdx"), 100 << 20);
    expect(await inspectVhdx(path("long.vhdx"))).to.include({
      payloadOffset: 4n * MiB,
      fileSize: 100n * MiB,
    });
    await truncate(path("long.vhdx"), (12 << 20) - 512);
    expect((await inspectVhdx(path("long.vhdx"))).payloadOffset).to.equal(undefined);
  });

  it("refuses a block table too small for the disk", async () => {
    const file = fixed.copy();
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(1n << 40n);
    file.put(itemsAt + BigInt(metadataItems.virtualDiskSize.offset), size);
    await expectVhdxError(inspect(file, "small-table.vhdx"), "block table", /too small/);
  });

  it("refuses a file cut off inside any structure", async () => {
    await copyFile(path("fixed.vhdx"), path("cut.vhdx"));
    const { size } = await stat(path("cut.vhdx"));
    for (const length of [
      (4 << 20) - 1,
      (3 << 20) - 1,
      0x100000,
      0x40000,
      0x30001,
      0x20001,
      0x10001,
      500,
      7,
      0,
    ]) {
      expect(length).to.be.below(size);
      await truncate(path("cut.vhdx"), length);
      const error = await rejection(inspectVhdx(path("cut.vhdx")));
      expect(error, `${length} bytes`).to.have.property("name", "VhdxError");
      const same = await rejection(readIdentity(path("cut.vhdx")));
      expect(same, `${length} bytes`).to.have.property("name", "VhdxError");
    }
  });

  it("refuses files of other kinds", async () => {
    await writeFile(path("text"), "x".repeat(1000));
    await expectVhdxError(inspectVhdx(path("text")), "file identifier", /not a VHDX/);
    await mkdir(path("directory"));
    await expectVhdxError(inspectVhdx(path("directory")), "file", /not a regular file/);
    expect(await rejection(inspectVhdx(path("missing")))).to.have.property("code", "ENOENT");
  });

  it("refuses an unknown required region and keeps an optional one", async () => {
    const file = fixed.copy();
    await file.resize(40n * MiB);
    const withRegion = (required: number) => (bytes: Buffer) => {
      bytes.writeUInt32LE(3, 8);
      bytes.write(randomGuid().replaceAll("-", ""), 80, "hex");
      bytes.writeBigUInt64LE(32n * MiB, 96);
      bytes.writeUInt32LE(1 << 20, 104);
      bytes.writeUInt32LE(required, 108);
    };
    const optional = file.copy();
    editAll(optional, regionTables, withRegion(0));
    expect((await inspect(optional, "optional.vhdx")).payloadOffset).to.equal(4n * MiB);
    const required = file.copy();
    editAll(required, regionTables, withRegion(1));
    await expectVhdxError(inspect(required, "required.vhdx"), "region table", /unknown required/);
  });

  it("trusts the header that is current, not the one that is first", async () => {
    const file = fixed.copy();
    edit(file, headers[1]!, (bytes) => {
      writeGuid(bytes, headerLayout.dataWriteGuid, ZERO_GUID);
    });
    expect((await inspect(file, "current.vhdx")).dataWriteGuid).to.equal(ZERO_GUID);
  });
});

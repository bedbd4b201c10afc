import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { createVhdx } from "../../../src/vhdx/operations/create.ts";
import { randomGuid, ZERO_GUID } from "../../../src/vhdx/format/guid.ts";
import { readHeaders } from "../../../src/vhdx/format/header.ts";
import { inspectVhdx } from "../../../src/vhdx/image/inspect.ts";
import { renewWriteGuids, renewWriteGuidsIn } from "../../../src/vhdx/image/write-guids.ts";
import { makeDirty } from "../support/dirty.ts";
import { createInMemory, headers, spoil } from "../support/images.ts";
import { type Operation, recording } from "../support/recorder.ts";
import { expectVhdxError, rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

describe("vhdx renewWriteGuids", () => {
  const path = temporaryDirectory();

  it("changes both GUIDs and nothing else", async () => {
    const place = path("renewed.vhdx");
    await createVhdx(place, { type: "fixed", size: 8n * MiB, virtualDiskId: randomGuid() });
    const [before, bytesBefore] = [await inspectVhdx(place), await readFile(place)];
    await renewWriteGuids(place);
    const [after, bytesAfter] = [await inspectVhdx(place), await readFile(place)];
    const { fileWriteGuid, dataWriteGuid } = after;
    expect(after).to.deep.equal({ ...before, fileWriteGuid, dataWriteGuid });
    expect(fileWriteGuid).not.to.equal(before.fileWriteGuid);
    expect(dataWriteGuid).not.to.equal(before.dataWriteGuid);
    expect(fileWriteGuid).not.to.equal(dataWriteGuid);
    for (const [from, to] of [
      [0, 0x10000],
      [0x11000, 0x20000],
      [0x21000, bytesBefore.length],
    ] as const) {
      expect(bytesAfter.subarray(from, to).equals(bytesBefore.subarray(from, to))).to.equal(true);
    }
  });

  it("leaves both headers alike with numbers n and n+1, each durable before the next", async () => {
    const file = await createInMemory(path("alike.vhdx"));
    const before = (await readHeaders(file)).header.sequenceNumber;
    const operations: Operation[] = [];
    await renewWriteGuidsIn(recording(file, operations));
    expect(operations.map(({ kind }) => kind)).to.deep.equal(["write", "flush", "write", "flush"]);
    const current = await readHeaders(file);
    expect(current.header.sequenceNumber).to.equal(before + 2n);
    spoil(file, headers[current.slot]!);
    const other = await readHeaders(file);
    expect(other.slot).not.to.equal(current.slot);
    expect({ ...other.header, sequenceNumber: before + 2n }).to.deep.equal(current.header);
  });

  it("replays a pending log first", async () => {
    const file = await createInMemory(path("dirty.vhdx"));
    const data = Buffer.alloc(4096, 7);
    await makeDirty(file, [{ offset: 3n * MiB + 8192n, data }]);
    await renewWriteGuidsIn(file);
    expect((await readHeaders(file)).header.logGuid).to.equal(ZERO_GUID);
    expect(file.get(3n * MiB + 8192n, 4096).equals(data)).to.equal(true);
  });

  it("repairs a damaged header on the way", async () => {
    const file = await createInMemory(path("repaired.vhdx"));
    spoil(file, headers[0]!);
    await renewWriteGuidsIn(file);
    spoil(file, headers[1]!);
    expect((await readHeaders(file)).slot).to.equal(0);
  });

  it("refuses what is no VHDX, and writes nothing then", async () => {
    const file = await createInMemory(path("broken.vhdx"));
    file.put(0n, Buffer.from("VHDXFILE"));
    const operations: Operation[] = [];
    await expectVhdxError(renewWriteGuidsIn(recording(file, operations)), "file identifier");
    expect(operations).to.deep.equal([]);
    expect(await rejection(renewWriteGuids(path("missing")))).to.have.property("code", "ENOENT");
  });
});

import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { readHeaders } from "../../../src/vhdx/format/header.ts";
import { randomGuid, ZERO_GUID } from "../../../src/vhdx/format/guid.ts";
import { LogWriter } from "../../../src/vhdx/log/log-writer.ts";
import { readPendingLog } from "../../../src/vhdx/log/pending-log.ts";
import { recover } from "../../../src/vhdx/log/replay.ts";
import { createInMemory } from "../support/images.ts";
import type { MemoryFile } from "../support/memory-file.ts";
import { type Operation, recording } from "../support/recorder.ts";
import { rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

const TABLE = 3n * MiB;
const sector = (byte: number) => Buffer.alloc(4096, byte);
const place = (index: number) => TABLE + BigInt(index * 4096);

describe("vhdx log writer", () => {
  const path = temporaryDirectory();
  let number = 0;
  let file: MemoryFile;
  beforeEach(async () => {
    file = await createInMemory(path(`${number++}.vhdx`), { type: "dynamic" });
  });

  const pending = async () => readPendingLog(file, (await readHeaders(file)).header);

  it("puts changes in their places and leaves an empty log", async () => {
    const log = new LogWriter(file, await readHeaders(file));
    await log.commit([{ offset: place(0), data: sector(1) }]);
    await log.commit([
      { offset: place(1), data: sector(2) },
      { offset: place(0), data: sector(3) },
    ]);
    expect(file.get(place(0), 4096).equals(sector(3))).to.equal(true);
    expect((await pending())?.changes, "only the newest entry counts").to.have.length(2);
    await log.finish();
    expect(await pending()).to.equal(undefined);
    expect((await readHeaders(file)).header.logGuid).to.equal(ZERO_GUID);
  });

  it("can be replayed after any number of commits", async () => {
    const log = new LogWriter(file, await readHeaders(file));
    for (let commit = 1; commit <= 7; commit++) {
      await log.commit([{ offset: place(0), data: sector(commit) }]);
      const copy = file.copy();
      copy.put(place(0), sector(0));
      await recover(copy);
      expect(copy.get(place(0), 4096).equals(sector(commit)), `commit ${commit}`).to.equal(true);
    }
  });

  it("writes an entry where the one before does not lie", async () => {
    const operations: Operation[] = [];
    const recorded = recording(file, operations);
    const log = new LogWriter(recorded, await readHeaders(file));
    for (let commit = 0; commit < 4; commit++) await log.commit([{ offset: place(0), data: sector(commit) }]);
    const entries = operations.flatMap((operation) =>
      operation.kind === "write" && operation.data.toString("latin1", 0, 4) === "loge" ? [operation] : [],
    );
    expect(entries.map(({ offset }) => offset - MiB)).to.deep.equal([0n, MiB / 2n, 0n, MiB / 2n]);
  });

  it("takes as many sectors as it says and no more", async () => {
    const log = new LogWriter(file, await readHeaders(file));
    const changes = Array.from({ length: log.capacity + 1 }, (_, index) => ({
      offset: place(index),
      data: sector(index),
    }));
    const before = file.copy();
    expect(await rejection(log.commit(changes))).to.be.instanceOf(RangeError);
    expect(file.equals(before), "nothing written").to.equal(true);
    await log.commit(changes.slice(1));
    expect(log.capacity).to.equal(126);
  });

  it("gives new GUIDs to the header in force", async () => {
    const log = new LogWriter(file, await readHeaders(file));
    const dataWriteGuid = randomGuid();
    await log.renewGuids({ dataWriteGuid });
    expect((await readHeaders(file)).header.dataWriteGuid).to.equal(dataWriteGuid);
    expect(log.header.dataWriteGuid).to.equal(dataWriteGuid);
  });
});

import { expect } from "chai";
import fc from "fast-check";
import { GiB, MiB } from "../../src/kit/sizes.ts";
import { growFixedIn } from "../../src/vhdx/operations/grow.ts";
import { mappablePayload, readImage } from "../../src/vhdx/image/image.ts";
import { resizeIn } from "../../src/vhdx/operations/resize.ts";
import { recover } from "../../src/vhdx/log/replay.ts";
import { renewWriteGuidsIn } from "../../src/vhdx/image/write-guids.ts";
import type { WritableFile } from "../../src/vhdx/storage/file.ts";
import { createInMemory } from "./support/images.ts";
import type { MemoryFile } from "./support/memory-file.ts";
import { groupsBetweenFlushes, type Operation, perform, recording } from "./support/recorder.ts";
import { temporaryDirectory } from "./support/temp.ts";

const OLD = 8n * MiB;
const NEW = 600n * MiB;
const SECTOR = 512;

/** What a power cut may leave of operations not yet flushed: each whole, lost, or a write of some sectors only. */
async function leaveSome(
  file: MemoryFile,
  pending: readonly Operation[],
  chance: () => number,
): Promise<void> {
  for (const operation of pending) {
    const fate = chance();
    if (fate === 0) continue;
    if (operation.kind !== "write" || fate === 1) {
      await perform(file, operation);
      continue;
    }
    for (let at = 0; at < operation.data.length; at += SECTOR) {
      if (chance() === 0) continue;
      file.put(operation.offset + BigInt(at), operation.data.subarray(at, at + SECTOR));
    }
  }
}

describe("vhdx crash", () => {
  const path = temporaryDirectory();
  const grow = {
    fixed: growFixedIn,
    dynamic: (file: WritableFile, size: bigint) => resizeIn(file, "disk.vhdx", size),
  };

  for (const type of ["fixed", "dynamic"] as const) {
    describe(`while a ${type} disk grows`, () => {
      let original: MemoryFile;
      const operations: Operation[] = [];

      before(async () => {
        // 4 blocks of 2 MiB and the new size on the far side of a chunk: the table has a hole for a bitmap.
        original = await createInMemory(path(`${type}.vhdx`), {
          ...{ type, size: OLD, blockSize: type === "fixed" ? 1 << 20 : 256 << 20, maximumSize: 64n * GiB },
        });
        await grow[type](recording(original.copy(), operations), NEW);
      });

      /** The file opens without writing, has one of the two sizes, and can be finished. */
      async function check(file: MemoryFile, name: string): Promise<bigint> {
        const untouched = file.copy();
        const image = await readImage(file);
        const { virtualSize } = image.disk;
        expect([OLD, NEW], name).to.include(virtualSize);
        const expected = type === "fixed" ? 4n * MiB : undefined;
        expect(await mappablePayload(image), name).to.equal(expected);
        expect(file.equals(untouched), `${name}: nothing written`).to.equal(true);
        await recover(file);
        expect((await readImage(file)).disk.virtualSize, `${name}: the same after replay`).to.equal(
          virtualSize,
        );
        await grow[type](file, NEW);
        const finished = await readImage(file);
        expect(finished.disk.virtualSize, `${name}: finished`).to.equal(NEW);
        expect(finished.logReplayPending).to.equal(false);
        expect(await mappablePayload(finished), `${name}: finished`).to.equal(expected);
        return virtualSize;
      }

      it("leaves the old or the new size after every operation, and never the old one again", async () => {
        const sizes: bigint[] = [];
        const file = original.copy();
        for (const [step, operation] of operations.entries()) {
          await perform(file, operation);
          sizes.push(await check(file.copy(), `after ${step}`));
        }
        const committed = sizes.indexOf(NEW);
        expect(committed, "the new size arrives on the way").to.be.within(1, operations.length - 2);
        expect(sizes.slice(committed).every((size) => size === NEW)).to.equal(true);
      });

      it("leaves one of them whatever part of the unflushed writes survives", async () => {
        const groups = groupsBetweenFlushes(operations);
        await fc.assert(
          fc.asyncProperty(fc.nat(groups.length - 1), fc.infiniteStream(fc.nat(2)), async (cut, stream) => {
            const file = original.copy();
            for (const group of groups.slice(0, cut)) {
              for (const operation of group) await perform(file, operation);
            }
            await leaveSome(file, groups[cut]!, () => stream.next().value as number);
            await check(file, `in group ${cut}`);
          }),
          { numRuns: 300 },
        );
      });

      it("leaves one of them when the replay is cut off, too", async () => {
        const groups = groupsBetweenFlushes(operations);
        await fc.assert(
          fc.asyncProperty(
            fc.nat(groups.length - 1),
            fc.nat(8),
            fc.infiniteStream(fc.nat(2)),
            async (cut, replayCut, stream) => {
              const chance = () => stream.next().value as number;
              const file = original.copy();
              for (const operation of groups.slice(0, cut).flat()) await perform(file, operation);
              await leaveSome(file, groups[cut]!, chance);
              const replay: Operation[] = [];
              await recover(recording(file.copy(), replay));
              const replayGroups = groupsBetweenFlushes(replay);
              for (const operation of replayGroups.slice(0, replayCut).flat()) await perform(file, operation);
              await leaveSome(file, replayGroups[replayCut] ?? [], chance);
              await check(file, `in group ${cut}, replay in group ${replayCut}`);
            },
          ),
          { numRuns: 200 },
        );
      });
    });
  }

  it("while the GUIDs are renewed leaves a valid header", async () => {
    const original = await createInMemory(path("renew.vhdx"));
    const operations: Operation[] = [];
    await renewWriteGuidsIn(recording(original.copy(), operations));
    const groups = groupsBetweenFlushes(operations);
    await fc.assert(
      fc.asyncProperty(fc.nat(groups.length - 1), fc.infiniteStream(fc.nat(2)), async (cut, stream) => {
        const file = original.copy();
        for (const operation of groups.slice(0, cut).flat()) await perform(file, operation);
        await leaveSome(file, groups[cut]!, () => stream.next().value as number);
        const image = await readImage(file);
        expect(await mappablePayload(image)).to.equal(4n * MiB);
        await renewWriteGuidsIn(file);
      }),
      { numRuns: 100 },
    );
  });
});

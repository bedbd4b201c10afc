import { randomBytes } from "node:crypto";
import { GiB, MiB } from "../../../src/kit/sizes.ts";
import { blockState, tableView, writeEntry } from "../../../src/vhdx/format/block-table.ts";
import { repairIn } from "../../../src/vhdx/operations/repair.ts";
import { NAME } from "../support/crash/content.ts";
import { BLOCK, newDisk, prepared, wholeOf, write } from "../support/crash/disks.ts";
import { atomic } from "../support/crash/scenario.ts";
import { crashAndPrint, printTotal } from "../support/crash/tally.ts";
import { makeDirty } from "../support/dirty.ts";
import { type Checked, headers, regionTables } from "../support/images.ts";
import type { MemoryFile } from "../support/memory-file.ts";

const TABLE = 3n * MiB;

/** The log gives the second block to the first one's place. */
async function leaveLog(file: MemoryFile): Promise<void> {
  const data = file.get(TABLE, 4096);
  const view = tableView(data);
  writeEntry(view, 1, blockState.fullyPresent, 5);
  await file.resize(6n * MiB);
  await makeDirty(file, [{ offset: TABLE, data }]);
}

/** Leaves nothing of a structure. */
function destroy(file: MemoryFile, { offset, size }: Checked): void {
  file.put(offset, randomBytes(size));
}

/** The entries of two sector bitmaps, behind 4096 blocks each, get a state that only blocks have. */
function spoilBitmapEntries(file: MemoryFile): void {
  for (const index of [4096n, 8193n]) {
    const entry = Buffer.alloc(8);
    writeEntry(tableView(entry), 0, blockState.zero, 0);
    file.put(TABLE + 8n * index, entry);
  }
}

/** Damage that a repair mends without a guess. */
const damages: Readonly<Record<string, (file: MemoryFile) => unknown>> = {
  "header 1": (file) => {
    destroy(file, headers[0]!);
  },
  "header 2": (file) => {
    destroy(file, headers[1]!);
  },
  "region table 1": (file) => {
    destroy(file, regionTables[0]!);
  },
  "region table 2": (file) => {
    destroy(file, regionTables[1]!);
  },
  "a pending log": leaveLog,
  "entries of bitmaps": spoilBitmapEntries,
  "a region table, entries of bitmaps and a pending log": async (file) => {
    await leaveLog(file);
    destroy(file, regionTables[0]!);
    spoilBitmapEntries(file);
  },
};

describe("vhdx crash while a file is repaired", function () {
  this.timeout(900_000);
  after(printTotal);
  for (const [name, damage] of Object.entries(damages)) {
    it(name, async () => {
      const file = await prepared(await newDisk({ size: 9n * GiB }), [write(0, BLOCK)]);
      await damage(file);
      const scenario = atomic(`repair ${name}`, file, wholeOf(3n * MiB), (target) => repairIn(target, NAME));
      await crashAndPrint({ ...scenario, mayNeedRepair: true });
    });
  }
});

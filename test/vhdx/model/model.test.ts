import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { DiskUnderTest } from "./disk-under-test.ts";
import { start, steps } from "./steps.ts";

const SEQUENCES = 2000;
const TIME_BOX_MS = 2_400_000;

/** Real files that live in memory where the machine has that: what counts here is not the disk under them. */
const home = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

describe("vhdx model", function () {
  this.timeout(TIME_BOX_MS + 30_000);
  let directory = "";
  before(async () => {
    directory = await mkdtemp(join(home, "vhdx-model-"));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it(`holds what a plain array of bytes holds, over ${SEQUENCES} sequences of operations`, async () => {
    let sequence = 0;
    let operations = 0;
    await fc.assert(
      fc.asyncProperty(start, steps, async (from, sequenceOfSteps) => {
        const place = join(directory, String(sequence++));
        await mkdir(place);
        const disk = await DiskUnderTest.create(place, (name) => join(place, name), from);
        try {
          for (const step of sequenceOfSteps) await disk.step(step);
          await disk.finish();
          operations += sequenceOfSteps.length;
        } finally {
          await disk.abandon();
          await rm(place, { recursive: true });
        }
      }),
      { numRuns: SEQUENCES, interruptAfterTimeLimit: TIME_BOX_MS, markInterruptAsFailure: true },
    );
    console.log(`      ${sequence} sequences, ${operations} operations`);
  });
});

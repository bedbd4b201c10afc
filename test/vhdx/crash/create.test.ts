import { MiB } from "../../../src/kit/sizes.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { newVhdxImage } from "../../../src/vhdx/operations/new-image.ts";
import { contentOf, sameContent } from "../support/crash/content.ts";
import { wholeOf } from "../support/crash/disks.ts";
import type { Scenario } from "../support/crash/scenario.ts";
import { crashAndPrint, printTotal } from "../support/crash/tally.ts";
import { MemoryFile } from "../support/memory-file.ts";

/** A file on its way to become a disk: no disk yet, or the whole one. */
function creation(type: "fixed" | "dynamic", logicalSectorSize: 512 | 4096): Scenario {
  const view = wholeOf(3n * MiB);
  return {
    name: `create, ${type} ${logicalSectorSize}`,
    start: new MemoryFile(),
    view,
    mayBeNoDisk: true,
    run: async (file) => {
      const { size, pieces } = newVhdxImage({
        ...{ type, size: 3n * MiB, blockSize: 1 << 20, virtualDiskId: randomGuid(), logicalSectorSize },
      });
      // As createVhdx does it.
      await file.resize(size);
      for (const { offset, bytes } of pieces) await file.write(offset, bytes);
      await file.flush();
      const complete = await contentOf(file, view);
      return (content) => (sameContent(content, complete) ? undefined : "it opens and is not complete");
    },
  };
}

describe("vhdx crash while a disk is created", () => {
  after(printTotal);
  for (const type of ["dynamic", "fixed"] as const) {
    for (const logicalSectorSize of [512, 4096] as const) {
      it(`${type}, sectors of ${logicalSectorSize}`, () => crashAndPrint(creation(type, logicalSectorSize)));
    }
  }
});

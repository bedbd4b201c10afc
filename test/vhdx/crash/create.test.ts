import { writeNewImage } from "../../../src/vhdx/operations/create.ts";
import { newVhdxImage, type NewImageOptions } from "../../../src/vhdx/operations/new-image.ts";
import { contentOf, sameContent, type View } from "../support/crash/content.ts";
import { childOf, defaults, newDisk, prepared, wholeOf, write } from "../support/crash/disks.ts";
import type { Scenario } from "../support/crash/scenario.ts";
import { crashAndPrint, printTotal } from "../support/crash/tally.ts";
import { MemoryFile } from "../support/memory-file.ts";

/** A file on its way to become a disk: no disk yet, or the whole one. */
function creation(name: string, view: View, options: NewImageOptions): Scenario {
  return {
    name: `create, ${name}`,
    start: new MemoryFile(),
    view,
    mayBeNoDisk: true,
    // One of two headers or region tables may be missing.
    mayNeedRepair: true,
    run: async (file) => {
      await writeNewImage(file, newVhdxImage(options));
      const complete = await contentOf(file, view);
      return (content) => (sameContent(content, complete) ? undefined : "it opens and is not complete");
    },
  };
}

describe("vhdx crash while a disk is created", function () {
  this.timeout(900_000);
  after(printTotal);
  for (const logicalSectorSize of [512, 4096] as const) {
    for (const type of ["dynamic", "fixed"] as const) {
      const name = `${type} ${logicalSectorSize}`;
      it(name, async () => {
        const options = { ...defaults(), type, logicalSectorSize };
        await crashAndPrint(creation(name, wholeOf(options.size), options));
      });
    }

    const name = `differencing ${logicalSectorSize}`;
    it(name, async () => {
      const parentFile = await prepared(await newDisk({ logicalSectorSize }), [write(0, 4096)]);
      const options = { ...defaults(), type: "differencing", logicalSectorSize } as const;
      const { view, parent } = await childOf(parentFile, [[0n, options.size]]);
      await crashAndPrint(creation(name, view, { ...options, parent }));
    });
  }
});

import { Command, Option } from "commander";
import { changedRanges, withReadableDisk } from "../../vhdx/index.ts";
import { type ImageOptions, jsonOption, parentDirOption, parentsFor, quietOption } from "./image-options.ts";
import { printJsonArray, write } from "./json.ts";
import { progressBar } from "./progress-bar.ts";
import { runTool } from "./run-tool.ts";

/** As diff(1) and qemu-img compare have them. */
const diffCodes = { equal: 0, different: 1, trouble: 2 } as const;

interface Options extends ImageOptions {
  readonly grain: "sector" | "block";
}

export function diffCommand(): Command {
  return new Command("diff")
    .description("list where two disks differ")
    .argument("<one>")
    .argument("<other>")
    .addOption(
      new Option("--grain <grain>", "exact to the sector, or sooner done to the block")
        .choices(["sector", "block"])
        .default("sector"),
    )
    .addOption(parentDirOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText(
      "after",
      `
Behind the end of the smaller disk there are zeros. All numbers are bytes.
Exit codes: 0 equal, 1 different, 2 trouble.

Example:
  $ hyperv-csi vhdx diff snapshot.vhdx child.avhdx`,
    )
    .action((one: string, other: string, options: Options) =>
      runTool(({ signal }) => diff(one, other, options, signal), diffCodes.trouble),
    );
}

function diff(one: string, other: string, options: Options, signal: AbortSignal): Promise<number> {
  const opened = (path: string) => ({ resolveParent: parentsFor(path, options), signal });
  return withReadableDisk(one, opened(one), (first) =>
    withReadableDisk(other, opened(other), async (second) => {
      const { onProgress, end } = progressBar(options.quiet ?? options.json ?? false);
      let code: number = diffCodes.equal;
      const noticed = async function* () {
        for await (const range of changedRanges(first, second, {
          grain: options.grain,
          signal,
          onProgress,
        })) {
          code = diffCodes.different;
          yield range;
        }
      };
      try {
        if (options.json) await printJsonArray(noticed());
        else {
          for await (const { offset, length } of noticed()) {
            await write(`${`${offset}`.padStart(14)}  ${`${length}`.padStart(14)}\n`);
          }
        }
      } finally {
        end();
      }
      return code;
    }),
  );
}

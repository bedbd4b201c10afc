import { Command, Option } from "commander";
import { type ChangedRange, changedRanges, ReadableDisk } from "../../vhdx/index.ts";
import { helpText } from "./help.ts";
import {
  type ImageOptions,
  jsonOption,
  parentDirOption,
  parentsFor,
  quietOption,
  wantsBar,
} from "./image-options.ts";
import { about } from "./about.ts";
import { jsonArray, printLines } from "../terminal/output.ts";
import { withProgressBar } from "../terminal/progress-bar.ts";
import { requireRegularFile } from "./regular-file.ts";
import { runTool } from "../terminal/run-tool.ts";
import { formatRow } from "../terminal/table.ts";

/** As diff(1) and qemu-img compare have them. */
const diffCodes = { equal: 0, different: 1, trouble: 2 } as const;
const notes = `One line for each stretch: its offset and its length in bytes. Behind the end of the smaller disk there are zeros.
Exit codes, as those of diff(1): 0 equal, 1 different, 2 failure or bad usage, 130 interrupted.`;

interface Options extends ImageOptions {
  readonly grain: "sector" | "block";
}

export function diffCommand(): Command {
  return new Command("diff")
    .description("list where two disks differ")
    .argument("<one>")
    .argument("<other>")
    .addOption(
      new Option("--grain <grain>", "exact to the sector, or sooner done to the block of <other>")
        .choices(["sector", "block"])
        .default("sector"),
    )
    .addOption(parentDirOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText(
      "after",
      helpText(notes, ["diff snapshot.vhdx child.avhdx", "diff --json --grain block one.vhdx other.vhdx"]),
    )
    .action((one: string, other: string, options: Options) =>
      runTool((signal) => diff(one, other, options, signal), diffCodes.trouble),
    );
}

async function diff(one: string, other: string, options: Options, signal: AbortSignal): Promise<number> {
  const first = await open(one, options, signal);
  try {
    const second = await open(other, options, signal);
    try {
      return await about(`${one} or ${other}`, () => compare(first, second, options, signal));
    } finally {
      await second.close();
    }
  } finally {
    await first.close();
  }
}

async function open(path: string, options: Options, signal: AbortSignal): Promise<ReadableDisk> {
  await requireRegularFile(path);
  return about(path, () => ReadableDisk.open(path, { resolveParent: parentsFor(path, options), signal }));
}

async function compare(
  one: ReadableDisk,
  other: ReadableDisk,
  options: Options,
  signal: AbortSignal,
): Promise<number> {
  let code: number = diffCodes.equal;
  // Rows on the same terminal would tear the bar.
  await withProgressBar(wantsBar(options) && !process.stdout.isTTY, (onProgress) => {
    const ranges = changedRanges(one, other, { grain: options.grain, signal, onProgress });
    const noticed = noticing(ranges, () => {
      code = diffCodes.different;
    });
    return printLines(options.json ? jsonArray(noticed) : tableRows(noticed));
  });
  return code;
}

async function* noticing<T>(items: AsyncIterable<T>, notice: () => void): AsyncGenerator<T, void, undefined> {
  for await (const item of items) {
    notice();
    yield item;
  }
}

async function* tableRows(ranges: AsyncIterable<ChangedRange>): AsyncGenerator<string, void, undefined> {
  for await (const { offset, length } of ranges) yield formatRow([offset, length]);
}

import { Command } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { type CheckReport, checkVhdx, type Finding, repairVhdx } from "../../vhdx/index.ts";
import { type ImageOptions, jsonOption, parentDirOption, parentsFor, quietOption } from "./image-options.ts";
import { printJson } from "./json.ts";
import { progressBar } from "./progress-bar.ts";
import { exitCodes, runTool } from "./run-tool.ts";
import { whileUnused } from "./safe-to-write.ts";
import { formatTable } from "./table.ts";

const foundCodes = { warnings: 3, errors: 4 } as const;

interface Options extends ImageOptions {
  readonly repair?: boolean;
}

export function checkCommand(): Command {
  return new Command("check")
    .description("look for damage in a VHDX file, and repair what needs no guess")
    .argument("<file>")
    .option("--repair", "replay the log, make damaged copies of headers and region tables again")
    .addOption(parentDirOption())
    .addOption(jsonOption())
    .addOption(quietOption())
    .addHelpText(
      "after",
      `
Exit codes: 0 nothing wrong, 3 warnings, 4 errors: what is left after --repair.

Examples:
  $ hyperv-csi vhdx check disk.vhdx
  $ hyperv-csi vhdx check --repair disk.vhdx`,
    )
    .action((file: string, options: Options) =>
      runTool(({ signal }) => {
        const work = () => check(file, options, signal);
        return options.repair ? whileUnused(file, work) : work();
      }),
    );
}

async function check(file: string, options: Options, signal: AbortSignal): Promise<number> {
  const { onProgress, end } = progressBar(options.quiet ?? options.json ?? false);
  const libraryOptions = { resolveParent: parentsFor(file, options), signal, onProgress };
  const { repaired, remaining } = await (
    options.repair
      ? repairVhdx(file, libraryOptions)
      : checkVhdx(file, libraryOptions).then((report) => ({ repaired: [], remaining: report }))
  ).finally(end);
  if (options.json) printJson({ file, ...remaining, repaired });
  else printReport(repaired, remaining);
  if (remaining.isClean) return exitCodes.done;
  return remaining.findings.some(({ severity }) => severity === "error")
    ? foundCodes.errors
    : foundCodes.warnings;
}

function printReport(repaired: readonly Finding[], { findings, isClean, space }: CheckReport): void {
  if (repaired.length > 0) process.stdout.write(`repaired:\n${findingsTable(repaired)}\n`);
  if (findings.length > 0) process.stdout.write(`${findingsTable(findings)}\n`);
  if (space) {
    const unused = space.unusedBytes === 0n ? "" : `, ${formatSize(space.unusedBytes)} of the file unused`;
    process.stdout.write(`${space.allocatedBlocks} blocks in the file${unused}\n`);
  }
  const repairable = findings.some((finding) => finding.repairable);
  if (isClean)
    process.stdout.write(repairable ? "nothing is wrong; --repair replays the log\n" : "nothing is wrong\n");
  else if (repairable) process.stdout.write("--repair sees to the findings marked repairable\n");
}

function findingsTable(findings: readonly Finding[]): string {
  const rows = findings.map(({ severity, structure, offset, problem, repairable }) => [
    severity,
    structure,
    `${offset}`,
    repairable ? `${problem} (repairable)` : problem,
  ]);
  return formatTable([["SEVERITY", "STRUCTURE", "BYTE", "PROBLEM"], ...rows], [2]);
}

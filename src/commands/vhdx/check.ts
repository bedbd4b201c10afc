import { Command } from "commander";
import { formatSize } from "../../kit/sizes.ts";
import { type CheckReport, checkVhdx, type Finding, repairVhdx } from "../../vhdx/index.ts";
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
import { print, printJson } from "../terminal/output.ts";
import { withProgressBar } from "../terminal/progress-bar.ts";
import { requireRegularFile } from "./regular-file.ts";
import { exitCodes, runTool } from "../terminal/run-tool.ts";
import { whileUnused } from "./safe-to-write.ts";
import { formatTable } from "../terminal/table.ts";

const foundCodes = { warnings: 3, errors: 4 } as const;
const notes = `Exit codes: 0 nothing wrong, 3 warnings, 4 errors, with --repair what is left of them; 1 the check itself failed,
2 bad usage, 130 interrupted.`;

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
      helpText(notes, ["check disk.vhdx", "check --repair disk.vhdx", "check --json disk.vhdx"]),
    )
    .action((file: string, options: Options) =>
      runTool((signal) => {
        const work = () => check(file, options, signal);
        return options.repair ? whileUnused(file, work) : work();
      }),
    );
}

async function check(file: string, options: Options, signal: AbortSignal): Promise<number> {
  await requireRegularFile(file);
  const { repaired, remaining } = await withProgressBar(wantsBar(options), (onProgress) =>
    about(file, async () => {
      const opening = { resolveParent: parentsFor(file, options), signal, onProgress };
      if (options.repair) return repairVhdx(file, opening);
      return { repaired: [], remaining: await checkVhdx(file, opening) };
    }),
  );
  const { findings, isClean, disk = null, space = null } = remaining;
  if (options.json) await printJson({ file, isClean, findings, repaired, disk, space });
  else await print(reportText(repaired, remaining));
  if (isClean) return exitCodes.done;
  return findings.some(({ severity }) => severity === "error") ? foundCodes.errors : foundCodes.warnings;
}

function reportText(repaired: readonly Finding[], { findings, isClean, space }: CheckReport): string {
  const parts: string[] = [];
  if (repaired.length > 0) parts.push(`repaired:\n${findingsTable(repaired)}\n`);
  if (findings.length > 0) parts.push(`${findingsTable(findings)}\n`);
  if (space) {
    parts.push(
      `blocks in the file: ${space.allocatedBlocks}; unused space: ${formatSize(space.unusedBytes)}\n`,
    );
  }
  parts.push(isClean ? "nothing is wrong\n" : "the file is not in order\n");
  if (findings.some(({ repairable }) => repairable)) {
    parts.push("--repair sees to the findings marked repairable\n");
  }
  return parts.join("");
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

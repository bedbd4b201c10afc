import { Command } from "commander";
import { operatorCommand } from "./operator/command.ts";
import { newCall } from "./operator/connection.ts";
import { type FormatOptions, formatOption, printList } from "./operator/format.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";
import { exitCodes } from "./terminal/run-tool.ts";

/** Exit code when something is found that is not mended. */
const FOUND = 3;

/** Looks for what belongs to nothing in an agent's pools. */
export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("list files, records and attachments that belong to nothing, and damaged disks")
    .option("--fix", "remove what is proven to be left over; all else stays")
    .addOption(formatOption())
    .addHelpText("after", `\nExit codes: 0 all is well, 1 failure, 2 bad usage, ${FOUND} something is left.`);
  return endOnBadUsage(
    operatorCommand<FormatOptions & { fix?: true }>(
      command,
      async ({ agent, signal }, _, { fix = false, output }) => {
        const { findings } = await agent.doctor(fix, newCall(signal));
        await printList(output, findings, [
          { heading: "POOL", cell: ({ pool }) => pool || "-" },
          { heading: "FINDING", cell: ({ kind }) => kind },
          {
            heading: "FIX",
            cell: ({ fixed, safe_to_fix }) => (fixed ? "fixed" : safe_to_fix ? "--fix" : "by hand"),
          },
          { heading: "PATH", cell: ({ path }) => path },
          { heading: "MESSAGE", cell: ({ message }) => message },
        ]);
        return findings.some(({ fixed }) => !fixed) ? FOUND : exitCodes.done;
      },
    ),
  );
}

import { Command } from "commander";
import type * as wire from "../agent-client/wire.ts";
import { operatorCommand } from "./operator/command.ts";
import { follow } from "./operator/follow.ts";
import {
  type Column,
  type FormatOptions,
  formatOption,
  isForPrograms,
  printList,
} from "./operator/format.ts";
import { helpText } from "./operator/help.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";
import { say } from "./terminal/output.ts";
import { exitCodes } from "./terminal/run-tool.ts";

/** Exit code when something is found that is not mended. */
const FOUND = 3;

const columns: readonly Column<wire.DoctorAnswer["findings"][number]>[] = [
  { heading: "POOL", cell: ({ pool }) => pool || "-" },
  { heading: "FINDING", cell: ({ kind }) => kind },
  {
    heading: "FIX",
    cell: ({ fixed, safe_to_fix }) => (fixed ? "fixed" : safe_to_fix ? "--fix" : "by hand"),
  },
  { heading: "PATH", cell: ({ path }) => path },
  { heading: "MESSAGE", cell: ({ message }) => message },
];

const notes = `FIX says what can be done: "--fix" mends it, "by hand" needs a person to look first.

Exit codes: 0 nothing is left, 1 failure, 2 bad usage, ${FOUND} something is left, 130 interrupted.`;

/** Looks for what belongs to nothing in an agent's pools. */
export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("list files, records and attachments that belong to nothing, and damaged disks")
    .option("--fix", "remove what is proven to be left over; all else stays")
    .addOption(formatOption())
    .addHelpText("after", helpText(notes, ["doctor", "doctor --fix -o json"]));
  return endOnBadUsage(
    operatorCommand<FormatOptions & { fix?: true }>(command, async (session, _, { fix = false, output }) => {
      const { findings } = await follow(session, (call) => session.agent.doctor(fix, call));
      if (findings.length === 0 && !isForPrograms(output)) await say("nothing is wrong");
      else await printList(output, findings, columns);
      return findings.some(({ fixed }) => !fixed) ? FOUND : exitCodes.done;
    }),
  );
}

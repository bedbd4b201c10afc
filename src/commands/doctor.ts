import { Command, InvalidArgumentError, Option } from "commander";
import type * as wire from "../agent-client/wire.ts";
import { DEFAULT_DRIVER_NAME } from "../csi/driver.ts";
import { findOrphans, type KubeOptions, orphanColumns } from "./doctor/kube.ts";
import { type Session, withAgent } from "./operator/command.ts";
import { addConnectionOptions } from "./operator/connection.ts";
import { follow } from "./operator/follow.ts";
import {
  type Column,
  type Format,
  type FormatOptions,
  formatOption,
  isForPrograms,
  printList,
} from "./operator/format.ts";
import { helpText } from "./operator/help.ts";
import { readDriverName } from "./options.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";
import { say } from "./terminal/output.ts";
import { exitCodes, runTool } from "./terminal/run-tool.ts";
import { timeIn } from "./terminal/time-option.ts";

/** Exit code when something is found that is not mended. */
const FOUND = 3;

type Options = FormatOptions & KubeOptions & { readonly fix?: boolean; readonly kube?: true };

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

With --kube all groups of an agents file are compared with the cluster instead: volumes and snapshots that no object
names, and objects whose disk is on no host. Something that seems so is looked at again after the time of --grace, since
what is being made or deleted seems so, too. Nothing is changed. When a group does not answer, the command fails.

Exit codes: 0 nothing is left, 1 failure, 2 bad usage, ${FOUND} something is left, 130 interrupted.`;

/** Looks for what belongs to nothing: in an agent's pools, or between all agents and the cluster. */
export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description("list files, records and attachments that belong to nothing, and damaged disks")
    .option("--fix", "remove what is proven to be left over; all else stays")
    .addOption(
      new Option("--kube", "compare the volumes of all groups with those of Kubernetes").conflicts("fix"),
    )
    .addOption(
      new Option("--agents <file>", "with --kube: the controller's agents file").default(
        "/etc/hyperv-csi/agents.yaml",
      ),
    )
    .option("--kubeconfig <file>", "with --kube: how the API server is reached (default: as the pod)")
    .addOption(
      new Option("--driver-name <name>", "with --kube: name of the CSI driver")
        .argParser(readDriverName)
        .default(DEFAULT_DRIVER_NAME),
    )
    .addOption(
      new Option("--grace <time>", "with --kube: how long something must have been alone")
        .argParser(readGrace)
        .default(300_000, "5m"),
    )
    .addOption(formatOption())
    .addHelpText(
      "after",
      helpText(notes, ["doctor", "doctor --fix -o json", "doctor --kube --agents agents.yaml"]),
    );
  return endOnBadUsage(addConnectionOptions(command)).action((options: Options) =>
    runTool((signal) =>
      options.kube === true
        ? examineCluster(options, signal)
        : withAgent(command, signal, (session) => examineAgent(session, options)),
    ),
  );
}

async function examineAgent(session: Session, { fix = false, output }: Options): Promise<number> {
  const { findings } = await follow(session, (call) => session.agent.doctor(fix, call));
  return await tell(
    output,
    findings,
    columns,
    findings.some(({ fixed }) => !fixed),
  );
}

async function examineCluster(options: Options, signal: AbortSignal): Promise<number> {
  const findings = await findOrphans(options, signal, (seen) => {
    process.stderr.write(
      `${seen} seem alone: looking again in ${Math.ceil(options.grace / 1000)} s whether they stay so\n`,
    );
  });
  return await tell(options.output, findings, orphanColumns, findings.length > 0);
}

async function tell<T>(
  output: Format,
  findings: readonly T[],
  shown: readonly Column<T>[],
  isLeft: boolean,
): Promise<number> {
  if (findings.length === 0 && !isForPrograms(output)) await say("nothing is wrong");
  else await printList(output, findings, shown);
  return isLeft ? FOUND : exitCodes.done;
}

/** Milliseconds; 0 takes two looks, too. @throws InvalidArgumentError */
function readGrace(text: string): number {
  const ms = timeIn(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError("A grace is a time such as 90s or 10m.");
}

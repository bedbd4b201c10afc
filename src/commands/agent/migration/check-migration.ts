import { Command } from "commander";
import { adoptableIn } from "../../../agent/engine/recovery/adoptable.ts";
import { DEFAULT_DRIVER_NAME } from "../../../csi/driver.ts";
import {
  type Column,
  type FormatOptions,
  formatOption,
  isForPrograms,
  printList,
} from "../../operator/format.ts";
import { helpText } from "../../operator/help.ts";
import { collect } from "../../operator/key-value.ts";
import { say } from "../../terminal/output.ts";
import { exitCodes, runTool } from "../../terminal/run-tool.ts";
import { type Finding, findingsOf } from "./findings.ts";
import { readManifests } from "./manifests.ts";

/** Exit code when something is not served as it is. */
const NOT_AS_IT_IS = 3;

const KHYPERV_DRIVER = "hyperv.csi.fireflycons.io";

const columns: readonly Column<Finding>[] = [
  { heading: "KIND", cell: ({ kind }) => kind },
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "VERDICT", cell: ({ verdict }) => verdict },
  { heading: "MESSAGE", cell: ({ message }) => message || "-" },
];

const notes = `Disks are opened for reading only; one that a running VM has can't be looked at. Nothing is changed.

Exit codes: 0 all is served as it is, 1 failure, 2 bad usage, ${NOT_AS_IT_IS} something is not, 130 interrupted.`;

interface Options extends FormatOptions {
  readonly directory: readonly string[];
  readonly from: string;
  readonly driverName: string;
}

/** Tells what of another driver's disks and objects this one would serve. */
export function checkMigrationCommand(): Command {
  return new Command("check-migration")
    .description(
      "tell what of another driver's disks, PersistentVolumes and StorageClasses would be served, and why not",
    )
    .argument("[files...]", "YAML files of PersistentVolumes and StorageClasses")
    .requiredOption("--directory <dir>", "directory of the disks, more than once for several", collect)
    .option("--from <name>", "the other driver's name", KHYPERV_DRIVER)
    .option("--driver-name <name>", "name under which this driver will run", DEFAULT_DRIVER_NAME)
    .addOption(formatOption())
    .addHelpText(
      "after",
      helpText(notes, ["agent check-migration --directory D:\\Volumes pv.yaml classes.yaml"]),
    )
    .action((files: string[], { directory, from, driverName, output }: Options) =>
      runTool(async () => {
        const manifests = await readManifests(files);
        const findings = findingsOf(await adoptableIn(directory), manifests, { from, to: driverName });
        if (findings.length === 0 && !isForPrograms(output)) await say("there is nothing to look at");
        else await printList(output, findings, columns);
        return findings.every(({ verdict }) => verdict === "served") ? exitCodes.done : NOT_AS_IT_IS;
      }),
    );
}

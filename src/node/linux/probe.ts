import { failed } from "../../kit/run.ts";
import { libblkidProbe, type Findings, type Probe } from "./libblkid.ts";
import { runLimitedAny } from "./tools.ts";

/** Exit codes of blkid(8). Its "nothing was found" is also said of what could not be looked at. */
const FOUND = 0;
const NOTHING_FOUND = 2;
const AMBIVALENT = 8;

/** The probe of this machine: in this process where that can be done, which saves the start of a program. */
export const probeDisk: Probe = async (device) => {
  chosen ??= libblkidProbe() ?? blkidProbe;
  return await chosen(device);
};
let chosen: Probe | undefined;

/** The program blkid. */
export const blkidProbe: Probe = async (device) => {
  const args = ["--probe", "--output", "export", device];
  const result = await runLimitedAny("blkid", args);
  if (result.exitCode === AMBIVALENT) return "ambivalent";
  if (result.exitCode === NOTHING_FOUND) return "nothing";
  if (result.exitCode !== FOUND) throw failed("blkid", args, result);
  return findingsIn(result.stdout);
};

/** blkid's export format: one KEY=value per line. */
function findingsIn(output: string): Findings {
  const values = new Map(
    output.split("\n").map((line) => {
      const equals = line.indexOf("=");
      return [line.slice(0, equals), line.slice(equals + 1)];
    }),
  );
  return { type: values.get("TYPE"), usage: values.get("USAGE"), partitionTable: values.get("PTTYPE") };
}

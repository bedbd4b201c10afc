import { join } from "node:path";
import { buildBundle } from "../../../scripts/build.ts";
import { reportFigures, type Figure } from "./figure.ts";
import { benchScale } from "./scale.ts";
import { benchSnapshots } from "./snapshot.ts";

/** A host's agent with very many volumes, and its snapshots. Needs root: the pools are file systems of their own. */
export async function benchAgent(directory: string): Promise<readonly Figure[]> {
  if (process.getuid?.() !== 0)
    throw new Error("the bench of the agent makes and mounts file systems: run it as root");
  const program = join(directory, "hyperv-csi.mjs");
  await buildBundle(program);
  const scale = await benchScale(program, join(directory, "scale"));
  reportFigures("agent with very many volumes", scale);
  const snapshots = await benchSnapshots(program, join(directory, "snapshots"));
  reportFigures("snapshot on a file system that shares blocks", snapshots);
  return [...scale, ...snapshots];
}

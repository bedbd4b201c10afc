import { Command } from "commander";
import type * as wire from "../agent-client/wire.ts";
import { formatSize } from "../kit/sizes.ts";
import { operatorCommand } from "./operator/command.ts";
import { newCall } from "../agent-client/new-call.ts";
import { type Column, type FormatOptions, formatOption, printList } from "./operator/format.ts";
import { helpText, sharedCodes } from "./operator/help.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";
import { exitCodes } from "./terminal/run-tool.ts";

/** A pool with keys as those of a volume. Sizes are bytes. */
function rowOf(pool: wire.PoolList["Pools"][number]) {
  return {
    name: pool.Name,
    directory: pool.Directory,
    down: pool.Down,
    available: pool.AvailableCapacity,
    free: pool.FreeBytes,
    total: pool.TotalBytes,
    promised: pool.PromisedBytes,
    volumes: pool.Volumes,
    snapshots: pool.Snapshots,
  };
}

const bytes = (count: number) => formatSize(BigInt(count));
const columns: readonly Column<ReturnType<typeof rowOf>>[] = [
  { heading: "POOL", cell: ({ name }) => name },
  { heading: "STATE", cell: ({ down }) => (down === null ? "Up" : "Down") },
  { heading: "AVAILABLE", cell: ({ available }) => bytes(available), right: true },
  { heading: "FREE", cell: ({ free }) => bytes(free), right: true },
  { heading: "TOTAL", cell: ({ total }) => bytes(total), right: true },
  { heading: "PROMISED", cell: ({ promised }) => bytes(promised), right: true },
  { heading: "VOLUMES", cell: ({ volumes }) => String(volumes), right: true },
  { heading: "SNAPSHOTS", cell: ({ snapshots }) => String(snapshots), right: true },
  { heading: "DIRECTORY", cell: ({ directory }) => directory, wide: true },
  { heading: "REASON", cell: ({ down }) => down ?? "-", wide: true },
];

/** What an agent's pools can still promise. */
export function capacityCommand(): Command {
  const command = new Command("capacity")
    .description("show what each pool of an agent can still promise to new volumes")
    .addOption(formatOption())
    .addHelpText("after", helpText(sharedCodes, ["capacity", "capacity -o json"]));
  return endOnBadUsage(
    operatorCommand<FormatOptions>(command, async ({ agent, signal }, _, { output }) => {
      const { Pools } = await newCall(signal, (call) => agent.listPools(call));
      await printList(output, Pools.map(rowOf), columns);
      return exitCodes.done;
    }),
  );
}

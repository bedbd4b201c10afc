import { Command } from "commander";
import type * as wire from "../agent-client/wire.ts";
import { formatSize } from "../kit/sizes.ts";
import { operatorCommand } from "./operator/command.ts";
import { newCall } from "./operator/connection.ts";
import { type Column, type FormatOptions, formatOption, printList } from "./operator/format.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";
import { exitCodes } from "./terminal/run-tool.ts";

type Pool = wire.PoolList["Pools"][number];

const bytes = (count: number) => formatSize(BigInt(count));
const columns: readonly Column<Pool>[] = [
  { heading: "POOL", cell: ({ Name }) => Name },
  { heading: "STATE", cell: ({ Down }) => (Down === null ? "Up" : "Down") },
  { heading: "AVAILABLE", cell: ({ AvailableCapacity }) => bytes(AvailableCapacity), right: true },
  { heading: "FREE", cell: ({ FreeBytes }) => bytes(FreeBytes), right: true },
  { heading: "TOTAL", cell: ({ TotalBytes }) => bytes(TotalBytes), right: true },
  { heading: "PROMISED", cell: ({ PromisedBytes }) => bytes(PromisedBytes), right: true },
  { heading: "VOLUMES", cell: ({ Volumes }) => String(Volumes), right: true },
  { heading: "SNAPSHOTS", cell: ({ Snapshots }) => String(Snapshots), right: true },
  { heading: "DIRECTORY", cell: ({ Directory }) => Directory, wide: true },
  { heading: "REASON", cell: ({ Down }) => Down ?? "-", wide: true },
];

/** What an agent's pools can still promise. */
export function capacityCommand(): Command {
  const command = new Command("capacity")
    .description("show what each pool of an agent can still promise to new volumes")
    .addOption(formatOption());
  return endOnBadUsage(
    operatorCommand<FormatOptions>(command, async ({ agent, signal }, _, { output }) => {
      await printList(output, (await agent.listPools(newCall(signal))).Pools, columns);
      return exitCodes.done;
    }),
  );
}

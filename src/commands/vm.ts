import { Command } from "commander";
import type * as wire from "../agent-client/wire.ts";
import { operatorCommand } from "./operator/command.ts";
import { newCall } from "./operator/connection.ts";
import { type Column, type FormatOptions, formatOption, printItem, printList } from "./operator/format.ts";
import { endOnBadUsage } from "./terminal/bad-usage.ts";
import { exitCodes } from "./terminal/run-tool.ts";

const columns: readonly Column<wire.VmAnswer>[] = [
  { heading: "NAME", cell: ({ Name }) => Name },
  { heading: "ID", cell: ({ Id }) => Id },
  {
    heading: "GENERATION",
    cell: ({ Generation }) => (Generation === 0 ? "-" : String(Generation)),
    wide: true,
  },
  { heading: "PATH", cell: ({ Path }) => Path || "-", wide: true },
];

/** Look at an agent's VMs. */
export function vmCommand(): Command {
  const vm = new Command("vm").description("list the VMs of an agent's host");
  const list = operatorCommand<FormatOptions>(
    new Command("list").alias("ls").description("list VMs").addOption(formatOption()),
    async ({ agent, signal }, _, { output }) => {
      await printList(output, (await agent.listVms(newCall(signal))).VMs, columns);
      return exitCodes.done;
    },
  );
  const get = operatorCommand<FormatOptions>(
    new Command("get").description("show a VM").argument("<id>").addOption(formatOption()),
    async ({ agent, signal }, [id = ""], { output }) => {
      await printItem(output, await agent.getVm(id, newCall(signal)), columns);
      return exitCodes.done;
    },
  );
  for (const command of [list, get]) vm.addCommand(endOnBadUsage(command));
  return endOnBadUsage(vm);
}

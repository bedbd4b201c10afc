import { Command } from "commander";
import { addressText } from "../../agent-client/disk-address.ts";
import { operatorCommand } from "../operator/command.ts";
import { follow } from "../operator/follow.ts";
import { helpText, sharedCodes } from "../operator/help.ts";
import { vmIdOf, volumeIdOf } from "../operator/names.ts";
import { say } from "../terminal/output.ts";
import { exitCodes } from "../terminal/run-tool.ts";

export function attachCommand(): Command {
  const command = new Command("attach")
    .description("connect a volume to a VM")
    .argument("<volume>", "id or name")
    .argument("<vm>", "id or name")
    .option("--read-only", "the VM can't write to it")
    .addHelpText("after", helpText(sharedCodes, ["volume attach db worker-1"]));
  return operatorCommand<{ readOnly?: true }>(
    command,
    async (session, [wanted = "", vm = ""], { readOnly = false }) => {
      const { agent } = session;
      const id = await volumeIdOf(session, wanted);
      const vmId = await vmIdOf(session, vm);
      const { Address } = await follow(session, (call) => agent.attach(vmId, id, readOnly, call));
      await say(`${wanted} is attached to ${vm}: ${addressText(Address)}`);
      return exitCodes.done;
    },
  );
}

export function detachCommand(): Command {
  const command = new Command("detach")
    .description("disconnect a volume from a VM; refused while it is in use there")
    .argument("<volume>", "id or name")
    .argument("<vm>", "id or name")
    .addHelpText("after", helpText(sharedCodes, ["volume detach db worker-1"]));
  return operatorCommand(command, async (session, [wanted = "", vm = ""]) => {
    const { agent } = session;
    const id = await volumeIdOf(session, wanted);
    const vmId = await vmIdOf(session, vm);
    await follow(session, (call) => agent.detach(vmId, id, call));
    await say(`${wanted} is detached from ${vm}`);
    return exitCodes.done;
  });
}

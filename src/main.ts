#!/usr/bin/env node
import "./threadpool.ts";
import { Command } from "commander";
import { StatusError } from "./kit/errors.ts";
import { version } from "./kit/version.ts";

/** Commands by name. Each is loaded only when it runs: a node plugin has no use for the agent's server. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import("./commands/up.ts")).upCommand(),
  agent: async () => (await import("./commands/agent.ts")).agentCommand(),
  controller: async () => (await import("./commands/controller.ts")).controllerCommand(),
  node: async () => (await import("./commands/node.ts")).nodeCommand(),
  volume: async () => (await import("./commands/volume.ts")).volumeCommand(),
  snapshot: async () => (await import("./commands/snapshot.ts")).snapshotCommand(),
  vm: async () => (await import("./commands/vm.ts")).vmCommand(),
  capacity: async () => (await import("./commands/capacity.ts")).capacityCommand(),
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  vhdx: async () => (await import("./commands/vhdx.ts")).vhdxCommand(),
};

const helpHint = "(add --help for the options)";

async function main(args: readonly string[]): Promise<void> {
  const program = new Command("hyperv-csi")
    .description(
      "CSI driver for Hyper-V: volumes are VHDX files, hot-plugged into the VMs that are your nodes",
    )
    .version(version)
    // A command gets its words in their order: `agent` tells its own options from those of what is below it.
    .enablePositionalOptions()
    .showHelpAfterError(helpHint);
  const named = Object.keys(commands).filter((name) => name === args[0]);
  const wanted = named.length === 0 ? Object.keys(commands) : named;
  for (const name of wanted) {
    const command = await commands[name]?.();
    if (command !== undefined) program.addCommand(command.showHelpAfterError(helpHint));
  }
  if (named.length === 0) await addCompletion(program);
  await program.parseAsync(args, { from: "user" });
}

/** `hyperv-csi completion bash` prints what a shell needs; it then asks for each completion. */
async function addCompletion(program: Command): Promise<void> {
  const { default: tab } = await import("@bomb.sh/tab/commander");
  tab(program, { completionCommandName: "completion" });
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  process.stderr.write(`hyperv-csi: ${StatusError.from(thrown).message}\n`);
  process.exit(1);
});

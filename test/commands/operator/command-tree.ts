import type { Command } from "commander";
import { capacityCommand } from "../../../src/commands/capacity.ts";
import { doctorCommand } from "../../../src/commands/doctor.ts";
import { snapshotCommand } from "../../../src/commands/snapshot.ts";
import { vmCommand } from "../../../src/commands/vm.ts";
import { volumeCommand } from "../../../src/commands/volume.ts";

/** A command that does something, with the words that call it. */
export interface Leaf {
  readonly words: string;
  readonly command: Command;
}

/** All of the operator's commands. */
export function operatorCommands(): Leaf[] {
  const roots = [volumeCommand(), snapshotCommand(), vmCommand(), capacityCommand(), doctorCommand()];
  return roots.flatMap((root) => leavesOf(root, root.name()));
}

function leavesOf(command: Command, words: string): Leaf[] {
  if (command.commands.length === 0) return [{ words, command }];
  return command.commands.flatMap((child) => leavesOf(child, `${words} ${child.name()}`));
}

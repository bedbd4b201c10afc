/**
 * The commands `up` and `node` whose sockets are made as on Windows, over the calls of Linux: over-carried.ts up ...
 */
import "../../src/threadpool.ts";
import { Command } from "commander";
import { nodeCommand } from "../../src/commands/node.ts";
import { upCommand } from "../../src/commands/up.ts";
import { StatusError } from "../../src/kit/errors.ts";
import { linuxCarried } from "./linux-carried.ts";

const listener = linuxCarried();
const program = new Command().addCommand(upCommand(listener)).addCommand(nodeCommand(listener));
program.parseAsync().catch((thrown: unknown) => {
  process.stderr.write(`hyperv-csi: ${StatusError.from(thrown).message}\n`);
  process.exit(1);
});

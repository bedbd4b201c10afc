import type { Command } from "commander";
import type { AgentClient } from "../../agent-client/agent-client.ts";
import { exitCodes, runTool } from "../terminal/run-tool.ts";
import { addConnectionOptions, connect, type ConnectionOptions } from "./connection.ts";

/** What an operator's command works with. */
export interface Session {
  readonly agent: AgentClient;
  /** Ends when the command is interrupted. */
  readonly signal: AbortSignal;
}

/**
 * Makes a command one that talks to an agent: it gets the options for that, and its work a session.
 * @param work gets the arguments as commander has them, then the options.
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- commander has options untyped
export function operatorCommand<O extends object>(
  command: Command,
  work: (
    session: Session,
    args: readonly string[],
    options: O & ConnectionOptions,
  ) => Promise<number | undefined>,
): Command {
  return addConnectionOptions(command).action((...all: unknown[]) => {
    const options = all.at(-2) as O & ConnectionOptions;
    const args = all.slice(0, -2).flat() as string[];
    return runTool(async (signal) => {
      const agent = await connect(options);
      return (await work({ agent, signal }, args, options)) ?? exitCodes.done;
    });
  });
}

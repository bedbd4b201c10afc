import type { Command } from "commander";
import type { AgentClient } from "../../agent-client/agent-client.ts";
import { exitCodes, runTool } from "../terminal/run-tool.ts";
import { advised } from "./advice.ts";
import { addConnectionOptions, connect, saidBy } from "./connection.ts";
import { whichAgent } from "./which-agent.ts";

/** What an operator's command works with. */
export interface Session {
  readonly agent: AgentClient;
  /** Ends when the command is interrupted. */
  readonly signal: AbortSignal;
}

/**
 * Makes a command one that talks to an agent: it gets the options for that, and its work a session.
 * @param work gets the arguments as commander has them, those of a variadic one in a row, then the options.
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- commander has options untyped
export function operatorCommand<O extends object>(
  command: Command,
  work: (session: Session, args: readonly string[], options: O) => Promise<number | undefined>,
): Command {
  return addConnectionOptions(command).action((...all: unknown[]) => {
    const options = all.at(-2) as O;
    const args = all.slice(0, -2).flat() as string[];
    return runTool((signal) => withAgent(command, signal, (session) => work(session, args, options)));
  });
}

/** Does work with the agent that a command's options name. @returns the exit code, `done` unless the work says another */
export async function withAgent(
  command: Command,
  signal: AbortSignal,
  work: (session: Session) => Promise<number | undefined>,
): Promise<number> {
  const place = await whichAgent(saidBy(command, "cli"), saidBy(command, "env"));
  const agent = await connect(place);
  try {
    return (await work({ agent, signal })) ?? exitCodes.done;
  } catch (error) {
    throw advised(error, place);
  }
}

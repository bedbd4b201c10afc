import { type Command, Option } from "commander";
import type { ClientCall } from "../../agent-client/agent-client.ts";
import { StatusError } from "../../kit/errors.ts";
import { isReaderGone, say } from "../terminal/output.ts";
import { complain, exitCodes } from "../terminal/run-tool.ts";
import { operatorCommand, type Session } from "./command.ts";
import { follow } from "./follow.ts";

/**
 * Makes a command one that deletes what its arguments name. All are looked up first, so that a mistyped name deletes
 * nothing; after that one that can't be deleted does not keep the others.
 * @param find tells the id of what was named
 */
export function deletingCommand(
  command: Command,
  find: (session: Session, wanted: string) => Promise<string>,
  remove: (session: Session, id: string, call: ClientCall) => Promise<void>,
): Command {
  command.addOption(new Option("--ignore-not-found", "what does not exist counts as deleted"));
  return operatorCommand<{ ignoreNotFound?: true }>(
    command,
    async (session, wanted, { ignoreNotFound = false }) => {
      const found = new Map<string, string>();
      for (const text of wanted) {
        try {
          const id = await find(session, text);
          if (!found.has(id)) found.set(id, text);
        } catch (error) {
          if (!(ignoreNotFound && error instanceof StatusError && error.code === "NOT_FOUND")) throw error;
        }
      }
      let exitCode: number = exitCodes.done;
      for (const [id, text] of found) {
        try {
          await follow(session, (call) => remove(session, id, call));
          await say(`deleted ${text}`);
        } catch (error) {
          if (session.signal.aborted || isReaderGone(error)) throw error;
          complain(error);
          exitCode = exitCodes.failure;
        }
      }
      return exitCode;
    },
  );
}

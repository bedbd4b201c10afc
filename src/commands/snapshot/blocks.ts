import { Command, Option } from "commander";
import type * as wire from "../../agent-client/wire.ts";
import { operatorCommand, type Session } from "../operator/command.ts";
import { newCall } from "../../agent-client/new-call.ts";
import { helpText, sharedCodes } from "../operator/help.ts";
import { snapshotIdOf } from "../operator/names.ts";
import { jsonArray, printLines } from "../terminal/output.ts";
import { exitCodes } from "../terminal/run-tool.ts";
import { formatRow } from "../terminal/table.ts";

type Block = wire.BlockList["blocks"][number];

interface Options {
  readonly base?: string;
  readonly output: "table" | "json";
}

export function blocksCommand(): Command {
  const command = new Command("blocks")
    .description("list where a snapshot holds data, or where it differs from an older one, in bytes")
    .argument("<snapshot>", "id or name")
    .option("--base <snapshot>", "the older one, by id or name")
    .addOption(
      new Option("-o, --output <format>", "how to print").choices(["table", "json"]).default("table"),
    )
    .addHelpText("after", helpText(sharedCodes, ["snapshot blocks db-tuesday --base db-monday"]));
  return operatorCommand<Options>(command, async (session, [wanted = ""], { base, output }) => {
    const id = await snapshotIdOf(session, wanted);
    const baseId = base === undefined ? undefined : await snapshotIdOf(session, base);
    const blocks = allBlocks(session, id, baseId);
    await printLines(output === "json" ? jsonArray(blocks) : rows(blocks));
    return exitCodes.done;
  });
}

/** Page after page: nothing piles up, however large the disk is. */
async function* allBlocks(
  { agent, signal }: Session,
  id: string,
  baseId: string | undefined,
): AsyncGenerator<Block, void, undefined> {
  for (let at: number | null = 0; at !== null;) {
    const from = BigInt(at);
    const page: wire.BlockList = await newCall(signal, (call) => agent.blocks(id, baseId, from, 0, call));
    yield* page.blocks;
    at = page.next_offset;
  }
}

async function* rows(blocks: AsyncIterable<Block>): AsyncGenerator<string, void, undefined> {
  yield formatRow(["OFFSET", "LENGTH"]);
  for await (const { offset, length } of blocks) yield formatRow([offset, length]);
}

import { createInterface } from "node:readline";
import type { Operation } from "../../src/agent/hosts/hyperv/protocol.ts";
import { uncheckpoint } from "./chains.ts";
import { inventoryOf } from "./inventory.ts";
import { type Fault, type SimState, withVm } from "./model.ts";
import { beSlow, operations, type Outcome, type Place } from "./operations.ts";
import { refusalOf } from "./refusals.ts";
import { exclusively, readState, writeState } from "./store.ts";

/** A worker of the simulated Hyper-V: `node main.ts DIRECTORY COMPUTER`. It speaks the worker protocol. */

interface Request {
  readonly id: number;
  readonly op: Operation;
  readonly args: { readonly hosts?: readonly string[] };
}

const [directory = "", computer = ""] = process.argv.slice(2);
const place: Place = { directory, computer };

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function answer({ id, op, args }: Request): Promise<string | undefined> {
  return await exclusively(directory, async () => {
    const { state: before, fault } = takeFault(await readState(directory), op);
    const state = withFault(before, fault);
    await writeState(directory, state);
    if (fault?.kind === "slow") await beSlow(fault.ms);
    const early = failAt(fault, "before", id);
    if (early !== undefined) return early.line;
    const outcome = await perform(state, op, args);
    if ("error" in outcome) return JSON.stringify({ id, error: outcome.error });
    await writeState(directory, await withFaultAfter(outcome.state, fault));
    const late = failAt(fault, "after", id);
    if (late !== undefined) return late.line;
    const result = fault?.kind === "stale" ? stale(state, outcome, args) : outcome.result;
    return JSON.stringify({ id, result });
  });
}

async function perform(state: SimState, op: Operation, args: object) {
  try {
    const handler = operations[op] as (state: SimState, args: object, place: Place) => Promise<Outcome>;
    return await handler(state, args, place);
  } catch (error) {
    return { error: refusalOf(error).answer };
  }
}

/** A fault happens once, to whichever worker comes first. */
function takeFault(state: SimState, op: Operation): { state: SimState; fault: Fault | undefined } {
  const calls = { ...state.calls, [op]: (state.calls[op] ?? 0) + 1 };
  const fault = state.faults.find((each) => each.op === op && isDue(state, each));
  return { state: { ...state, calls, faults: state.faults.filter((each) => each !== fault) }, fault };
}

function withFault(state: SimState, fault: Fault | undefined): SimState {
  if (fault?.kind === "migrate") return withVm(state, fault.vmId, (vm) => ({ ...vm, host: fault.to }));
  if (fault?.kind !== "slow-merge") return state;
  return { ...state, vms: state.vms.map((vm) => ({ ...vm, mergeLooks: fault.looks })) };
}

function isDue({ vms }: SimState, fault: Fault): boolean {
  return (
    fault.kind !== "checkpoint-lost" ||
    vms.some(({ id, checkpoints }) => id === fault.vmId && checkpoints.length > 0)
  );
}

/** What happens once the answer is made that tells of how it was before. */
async function withFaultAfter(state: SimState, fault: Fault | undefined): Promise<SimState> {
  if (fault?.kind !== "checkpoint-lost") return state;
  const { host, checkpoints: [checkpoint] = [] } = state.vms.find(({ id }) => id === fault.vmId) ?? {};
  if (fault.how === "removed") return await uncheckpoint(state, fault.vmId, checkpoint?.id ?? "", 2);
  return {
    ...state,
    hosts: state.hosts.map((each) => (each.name === host ? { ...each, answers: false } : each)),
  };
}

/** What a fault makes of the answer at a moment; undefined when nothing, a line that is undefined when there is none. */
function failAt(
  fault: Fault | undefined,
  when: "before" | "after",
  id: number,
): { readonly line: string | undefined } | undefined {
  if (fault === undefined || !("when" in fault) || fault.when !== when) return undefined;
  if (fault.kind === "crash") process.exit(3);
  if (fault.kind === "hang") return { line: undefined };
  if (fault.kind === "garbage") return { line: "WARNUNG: Der virtuelle Computer wird zusammengeführt." };
  return fault.kind === "error" ? { line: JSON.stringify({ id, error: fault.error }) } : undefined;
}

/** A session that does not see what was just done. */
function stale(before: SimState, { result }: Outcome, { hosts = [] }: Request["args"]): unknown {
  const inventory = inventoryOf(before, hosts, computer);
  return typeof result === "object" && result !== null && "done" in result
    ? { ...result, inventory }
    : inventory;
}

for await (const line of createInterface({ input: process.stdin })) {
  const said = await answer(JSON.parse(line) as Request);
  if (said !== undefined) say(said);
}

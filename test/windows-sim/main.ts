import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import type { Operation } from "../../src/node/windows/protocol.ts";
import { hasErrno } from "../../src/kit/errors.ts";
import { JsonStore } from "../support/json-store.ts";
import { withDrives } from "./hyperv-drives.ts";
import type { SimWindowsState, WindowsFault } from "./model.ts";
import { operations, type Outcome } from "./operations.ts";
import { HRESULT, own, StorageRefusal } from "./refusals.ts";

/** A worker of the simulated Windows: `node main.ts DIRECTORY`. It speaks the protocol of node workers. */

interface Request {
  readonly id: number;
  readonly op: Operation;
  readonly args: object;
}

const [directory = ""] = process.argv.slice(2);
const store = new JsonStore<SimWindowsState>(directory);

/** They change nothing, and need not wait for others. */
const LOOKS: ReadonlySet<Operation> = new Set([
  "hello",
  "guestItems",
  "survey",
  "read",
  "mountPoint",
  "volume",
  "supportedSize",
]);

/** False when Hyper-V has given the VM other disks since. */
async function hasAllDrives(): Promise<boolean> {
  const state = await store.read();
  return (await withDrives(state, directory)) === state;
}

async function answer(request: Request): Promise<string | undefined> {
  const fault = await takeFault(request.op);
  // Outside of the lock: other workers go on meanwhile.
  if (fault?.kind === "slow") await setTimeout(fault.ms);
  const early = failAt(fault, "before", request.id);
  if (early !== undefined) return early.line;
  const said = await perform(request, fault?.kind === "without-effect");
  return (failAt(fault, "after", request.id) ?? { line: JSON.stringify({ id: request.id, ...said }) }).line;
}

async function perform({ op, args }: Request, isWithoutEffect: boolean) {
  const handler = (operations as Partial<typeof operations>)[op] as
    ((state: SimWindowsState, args: object, directory: string) => Promise<Outcome>) | undefined;
  const act = async () => {
    if (handler === undefined) throw own("UnknownOperation");
    if (isWithoutEffect) return { result: {} };
    const read = await store.read();
    const before = await withDrives(read, directory);
    const { state, result } = await handler(before, args, directory);
    if (state !== read) await store.write(state);
    return { result };
  };
  try {
    return LOOKS.has(op) && (await hasAllDrives()) ? await act() : await store.exclusively(act);
  } catch (error) {
    return { error: refusalOf(error).answer };
  }
}

function refusalOf(error: unknown): StorageRefusal {
  if (error instanceof StorageRefusal) return error;
  if (hasErrno(error, "ENOENT")) return new StorageRefusal(HRESULT.notFound);
  return new StorageRefusal(HRESULT.own, `Simulated,${String(error)}`.slice(0, 4000));
}

/** A fault happens once, to whichever worker comes first. */
async function takeFault(op: Operation): Promise<WindowsFault | undefined> {
  const isOfThis = (each: WindowsFault) => each.op === op;
  if (!(await store.read()).faults.some(isOfThis)) return undefined;
  let fault: WindowsFault | undefined;
  await store.change((state) => {
    fault = state.faults.find(isOfThis);
    return { ...state, faults: state.faults.filter((each) => each !== fault) };
  });
  return fault;
}

/** What a fault makes of the answer at a moment; a line that is undefined when there is none. */
function failAt(
  fault: WindowsFault | undefined,
  when: "before" | "after",
  id: number,
): { readonly line: string | undefined } | undefined {
  if (fault === undefined || !("when" in fault) || fault.when !== when) return undefined;
  if (fault.kind === "error") return { line: JSON.stringify({ id, error: fault.error }) };
  if (fault.kind === "crash") process.exit(3);
  return { line: fault.kind === "hang" ? undefined : "WARNUNG: Der Datenträger ist offline." };
}

for await (const line of createInterface({ input: process.stdin })) {
  const said = await answer(JSON.parse(line) as Request);
  if (said !== undefined) process.stdout.write(`${said}\n`);
}

import type { WritableFile } from "../../../src/vhdx/storage/file.ts";
import { type Reopened, reopen, type Scratch, scratchFor } from "./crash/examine.ts";
import { structureWrites } from "./crash/structure-writes.ts";
import type { Judge, Scenario } from "./crash/scenario.ts";
import { type CrashState, fileOf, type Group, groupsOf, statesOfGroup } from "./crash/states.ts";
import { sameContent } from "./crash/content.ts";
import type { MemoryFile } from "./memory-file.ts";
import { type Operation, perform, recording } from "./recorder.ts";

/** The same states every time; printed with each failure. */
const SEED = 20261124;

/** Of so many states with a log to replay, the replay of one is cut as well. */
const REPLAYS_CUT = 50;

/** Of so many states one is brought to the operation's end. */
const COMPLETED = 10;

/** What was cut. */
export interface Counts {
  /** With changes of the file's size and holes. */
  writes: number;
  flushes: number;
  cuts: number;
  states: number;
}

/** An operation as it was recorded, and what may be there after a cut. */
interface Recorded {
  readonly operations: readonly Operation[];
  readonly judge: Judge;
}

/**
 * Cuts a scenario at every operation and examines every state that may be left. Throws at the first that is not as it
 * must be. `wrap` may change what reaches the file.
 */
export async function crashEverywhere(
  scenario: Scenario,
  wrap: (file: WritableFile) => WritableFile = (file) => file,
): Promise<Counts> {
  const { operations, judge } = await record(scenario, wrap);
  const isAlwaysTorn = await structureWrites(scenario.start, operations);
  const groups = groupsOf(operations);
  const flushes = groups.length - 1;
  const counts = { writes: operations.length - flushes, flushes, cuts: operations.length + 1, states: 0 };
  const scratch = scratchFor(scenario.view);
  let replays = 0;
  const base = scenario.start.copy();
  for (const [number, group] of groups.entries()) {
    for (const state of statesOfGroup(base, number, group, SEED, isAlwaysTorn)) {
      counts.states += 1;
      try {
        const file = await fileOf(base, group, state);
        const reopened = await examine(file, scenario, judge, group, scratch);
        if (reopened.recovery.length > 0 && replays++ % REPLAYS_CUT === 0) {
          counts.states += await cutReplay(file, scenario, reopened);
        }
        if (counts.states % COMPLETED === 0) await scenario.complete?.(reopened.recovered);
      } catch (error) {
        throw failure(scenario, state, group, error as Error);
      }
    }
    for (const operation of group.operations) await perform(base, operation);
  }
  return counts;
}

async function record(scenario: Scenario, wrap: (file: WritableFile) => WritableFile): Promise<Recorded> {
  const operations: Operation[] = [];
  const file = wrap(recording(scenario.start.copy(), operations));
  const judge = await scenario.run(file, () => operations.length);
  return { operations, judge };
}

async function examine(
  file: MemoryFile,
  scenario: Scenario,
  judge: Judge,
  group: Group,
  scratch: Scratch,
): Promise<Reopened> {
  const reopened = await reopen(file, scenario, scratch);
  const problem = reopened.content && judge(reopened.content, group);
  if (problem !== undefined) throw new Error(problem);
  return reopened;
}

/** Cuts a replay after each of its operations: the disk must show what it showed before. Gives the number of states. */
async function cutReplay(
  file: MemoryFile,
  scenario: Scenario,
  { content, recovery }: Reopened,
): Promise<number> {
  const scratch = scratchFor(scenario.view);
  const partly = file.copy();
  const steps = recovery.filter(({ kind }) => kind !== "flush");
  for (const [step, operation] of steps.entries()) {
    await perform(partly, operation);
    const { content: found } = await reopen(partly, scenario, scratch);
    if (content === undefined || found === undefined || !sameContent(found, content)) {
      throw new Error(`cut again after step ${step + 1} of its recovery it shows something else`);
    }
  }
  return steps.length;
}

function failure({ name }: Scenario, state: CrashState, group: Group, cause: Error): Error {
  const { survivors, tear } = state;
  const all = group.operations.map((operation, at) => {
    const isLast = at === survivors.at(-1);
    const fate = !survivors.includes(at)
      ? "lost"
      : isLast && tear
        ? `its ${tear.kept} at ${tear.at}`
        : "kept";
    return `${describe(operation)} ${fate}`;
  });
  const where = `${name}, cut in group ${state.group} (operations ${group.start}-${group.end})`;
  return new Error(`${where}, seed ${SEED}: ${all.join(", ")}: ${cause.message}`, { cause });
}

function describe(operation: Operation): string {
  if (operation.kind === "write") return `write of ${operation.data.length} at ${operation.offset}`;
  if (operation.kind === "resize") return `resize to ${operation.size}`;
  return operation.kind === "punch" ? `punch of ${operation.length} at ${operation.offset}` : "flush";
}

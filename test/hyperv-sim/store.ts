import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SimState } from "./model.ts";

const stateFile = (directory: string) => join(directory, "state.json");

export async function readState(directory: string): Promise<SimState> {
  return JSON.parse(await readFile(stateFile(directory), "utf8")) as SimState;
}

export async function writeState(directory: string, state: SimState): Promise<void> {
  const temporary = `${stateFile(directory)}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(state));
  await rename(temporary, stateFile(directory));
}

/** Does something while no other process does: the kernel takes the lock back from one that is killed. */
export async function exclusively<T>(directory: string, job: () => Promise<T>): Promise<T> {
  const file = await open(join(directory, "lock"), "a+");
  try {
    const child = spawn("flock", ["--exclusive", "3"], { stdio: ["ignore", "ignore", "ignore", file.fd] });
    await once(child, "exit");
    return await job();
  } finally {
    await file.close();
  }
}

/** Changes the state, alone. */
export async function changeState(
  directory: string,
  change: (state: SimState) => SimState | Promise<SimState>,
): Promise<SimState> {
  return await exclusively(directory, async () => {
    const state = await change(await readState(directory));
    await writeState(directory, state);
    return state;
  });
}

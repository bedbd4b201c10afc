import { JsonStore } from "../support/json-store.ts";
import type { SimState } from "./model.ts";

const storeIn = (directory: string) => new JsonStore<SimState>(directory);

export async function readState(directory: string): Promise<SimState> {
  return await storeIn(directory).read();
}

export async function writeState(directory: string, state: SimState): Promise<void> {
  await storeIn(directory).write(state);
}

/** Does something while no other process does. */
export async function exclusively<T>(directory: string, job: () => Promise<T>): Promise<T> {
  return await storeIn(directory).exclusively(job);
}

/** Changes the state, alone. */
export async function changeState(
  directory: string,
  change: (state: SimState) => SimState | Promise<SimState>,
): Promise<SimState> {
  return await storeIn(directory).change(change);
}

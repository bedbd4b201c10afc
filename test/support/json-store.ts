import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A state in a file of a directory, which several processes read and change. */
export class JsonStore<State> {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  get #file(): string {
    return join(this.directory, "state.json");
  }

  async read(): Promise<State> {
    return JSON.parse(await readFile(this.#file, "utf8")) as State;
  }

  async write(state: State): Promise<void> {
    const temporary = `${this.#file}.${process.pid}`;
    await writeFile(temporary, JSON.stringify(state));
    await rename(temporary, this.#file);
  }

  /** Does something while no other process does: the kernel takes the lock back from one that is killed. */
  async exclusively<T>(job: () => Promise<T>): Promise<T> {
    const file = await open(join(this.directory, "lock"), "a+");
    try {
      const child = spawn("flock", ["--exclusive", "3"], { stdio: ["ignore", "ignore", "ignore", file.fd] });
      await once(child, "exit");
      return await job();
    } finally {
      await file.close();
    }
  }

  /** Changes the state, alone. */
  async change(change: (state: State) => State | Promise<State>): Promise<State> {
    return await this.exclusively(async () => {
      const state = await change(await this.read());
      await this.write(state);
      return state;
    });
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { needsLoopDevices } from "../support/needs-loop-devices.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

/** What a stopped `up` leaves in its state directory: keys and volumes, no socket and no address. */
const REMAINS = ["api.key", "pool", "pools.json", "up.lock", "vm-id"];

describe("npm start, stopped", () => {
  before(needsLoopDevices);
  const scratch = scratchDirectory();

  /** Starts it in a process group of its own, as a terminal would, and stops it once it serves. */
  async function startAndStop(state: string, stop: (npm: number) => void): Promise<number | null> {
    const npm = spawn("npm", ["start", "--silent", "--", "--no-show", "--state-dir", state], {
      cwd: join(import.meta.dirname, "../.."),
      detached: true,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(npm, "close") as Promise<[number | null]>;
    try {
      for (let said = ""; !said.includes("Ctrl-C stops");) {
        const [chunk] = (await once(npm.stdout, "data")) as [Buffer];
        said += chunk.toString();
      }
      expect(await readdir(state)).to.include("csi.sock");
      stop(npm.pid ?? 0);
      return (await ended)[0];
    } finally {
      if (npm.exitCode === null && npm.signalCode === null) process.kill(-(npm.pid ?? 0), "SIGKILL");
    }
  }

  it("by Ctrl-C, which reaches npm and the program, leaves no socket", async () => {
    const state = scratch("ctrl-c");
    await startAndStop(state, (npm) => process.kill(-npm, "SIGINT"));
    expect((await readdir(state)).sort()).to.deep.equal(REMAINS);
  });

  it("by a signal to npm alone, leaves no socket and no process", async () => {
    const state = scratch("sigterm");
    expect(await startAndStop(state, (npm) => process.kill(npm, "SIGTERM"))).to.equal(0);
    expect((await readdir(state)).sort()).to.deep.equal(REMAINS);
  });
});

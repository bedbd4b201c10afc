import { readdir, truncate, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { findUser } from "../../src/kit/device-users.ts";
import { run } from "../../src/kit/run.ts";
import { mountHung } from "../support/hung-file-system.ts";
import { needsLoopDevices } from "../support/needs-loop-devices.ts";
import { startProcess } from "../support/own-processes.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

/** <fcntl.h>: opens the place, and asks the file system nothing. */
const O_PATH = 0o10000000;

/** More than this process has threads. */
const ASKS = 40;

/** Only so that a test that fails ends, and hangs nobody else who looks for users of a device of theirs. */
const LONGEST_MS = 20_000;

describe("the users of a device", () => {
  const path = scratchDirectory();
  before(needsLoopDevices);

  it("are told while another process has a file open on a file system that hangs, and no thread is lost", async () => {
    const image = path("idle.img");
    await writeFile(image, "");
    await truncate(image, 1024 * 1024);
    const device = await run("losetup", ["--find", "--show", image]);
    const idle = { name: device.slice("/dev/".length), device };
    const hung = await mountHung(path("hung"));
    const state = { gaveUp: false };
    const longest = setTimeout(() => {
      state.gaveUp = true;
      hung.release();
    }, LONGEST_MS);
    try {
      const open = `require("node:fs").openSync(${JSON.stringify(path("hung"))}, ${O_PATH})`;
      const holder = startProcess(process.execPath, [
        "--eval",
        `${open}; console.log("held"); setInterval(() => undefined, 1e6);`,
      ]);
      await holder.says(/held/);
      for (let ask = 0; ask < ASKS && !state.gaveUp; ask++) expect(await findUser(idle)).to.equal(undefined);
      expect(state.gaveUp, "somebody waits for the file system").to.equal(false);
      expect(await readdir(path())).to.include("hung");
    } finally {
      clearTimeout(longest);
      if (!state.gaveUp) hung.release();
      await run("umount", ["--lazy", path("hung")]);
    }
  });
});

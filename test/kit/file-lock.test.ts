import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { lockFile } from "../../src/kit/file-lock.ts";
import { expectFailure } from "../support/failure.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const source = JSON.stringify(import.meta.resolve("../../src/kit/file-lock.ts"));

describe("kit file lock", () => {
  const path = temporaryDirectory();
  const children: ChildProcess[] = [];
  after(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  /** A process that holds the lock until it is killed. */
  async function holder(file: string): Promise<ChildProcess> {
    const script = `
      import { lockFile } from ${source};
      await lockFile(process.argv[1], "pool", "the other agent");
      process.stdout.write("locked");
      setInterval(() => undefined, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script, path(file)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    await once(child.stdout, "data");
    return child;
  }

  it("is refused while another process has it, naming that one", async () => {
    const child = await holder("pool.lock");
    const error = await expectFailure(
      lockFile(path("pool.lock"), "pool /p", "me"),
      "FAILED_PRECONDITION",
      /^pool \/p is in use by the other agent/,
    );
    expect(error.message).to.contain(`pid ${child.pid}`);
    expect(await readFile(path("pool.lock"), "utf8"), "the owner's words stay").to.contain("the other agent");
    child.kill("SIGKILL");
    await once(child, "exit");
  });

  it("is free when its holder was killed", async () => {
    const child = await holder("killed.lock");
    await expectFailure(lockFile(path("killed.lock"), "pool", "me"), "FAILED_PRECONDITION");
    child.kill("SIGKILL");
    await once(child, "exit");
    const lock = await lockFile(path("killed.lock"), "pool", "me");
    expect(await readFile(path("killed.lock"), "utf8")).to.equal(`me (pid ${process.pid})\n`);
    await lock.release();
  });

  it("excludes within a process too, and is free after release", async () => {
    const lock = await lockFile(path("own.lock"), "pool", "first");
    await expectFailure(
      lockFile(path("own.lock"), "pool", "second"),
      "FAILED_PRECONDITION",
      /in use by first/,
    );
    await lock.release();
    await (await lockFile(path("own.lock"), "pool", "second")).release();
  });

  it("goes to one of several who ask at the same time", async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, (_, index) => lockFile(path("race.lock"), "pool", `racer ${index}`)),
    );
    const winners = results.filter((result) => result.status === "fulfilled");
    expect(winners).to.have.lengthOf(1);
    await winners[0]!.value.release();
  });

  it("takes a file that is there already, whatever is in it", async () => {
    await writeFile(path("old.lock"), "someone long gone (pid 1)\n".repeat(10));
    const lock = await lockFile(path("old.lock"), "pool", "me");
    expect(await readFile(path("old.lock"), "utf8")).to.equal(`me (pid ${process.pid})\n`);
    await lock.release();
  });

  it("is not inherited by programs that its holder starts", async () => {
    const lock = await lockFile(path("child.lock"), "pool", "me");
    const child = spawn("sleep", ["1000"], { stdio: "ignore" });
    children.push(child);
    await once(child, "spawn");
    await lock.release();
    await (await lockFile(path("child.lock"), "pool", "next")).release();
    child.kill("SIGKILL");
    await once(child, "exit");
  });
});

import { mkdir, truncate, writeFile } from "node:fs/promises";
import { run, runAny } from "../../../src/kit/run.ts";
import { testCall } from "../../support/agent.ts";
import { until } from "../../support/until.ts";
import type { Driver } from "./driver.ts";

/** An ext4, which shares no blocks: a copy takes as long as its bytes take, and stands still while it is frozen. */
export async function onExt4(path: Driver["path"]): Promise<void> {
  await writeFile(path("ext4.img"), "");
  await truncate(path("ext4.img"), 8 * 1024 ** 3);
  await run("mkfs.ext4", ["-q", path("ext4.img")]);
  await mkdir(path("fs"));
  await run("mount", ["-o", "loop", path("ext4.img"), path("fs")]);
}

/** Waits until the agent has copied a part of something, and lets it stand still there. */
export async function freezeInACopy({ agent, path }: Driver): Promise<void> {
  await until(async () => {
    const { operations } = await agent.client.listOperations(testCall());
    return operations.some(({ progress }) => (progress ?? 0) > 0);
  }, "a copy that is on its way");
  await run("fsfreeze", ["--freeze", path("fs")]);
}

/** Nothing may stay frozen: whoever writes to it can't even be killed. */
export async function thaw({ path }: Driver): Promise<void> {
  await runAny("fsfreeze", ["--unfreeze", path("fs")]);
}

/** Waits for the end of all that the agent has at work. */
export async function idle({ agent }: Driver): Promise<void> {
  await until(
    async () => (await agent.client.listOperations(testCall())).operations.length === 0,
    "the end of all operations",
  );
}

import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hasErrno } from "../../../src/kit/errors.ts";

const root = "/sys/fs/cgroup";

/** Makes a cgroup in each hierarchy, as kubelet wants it of its root; where CPUs are given out, with all of them. */
export async function makeCgroups(name: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    // Where version 1 gives out resources, containers only have names in that of version 2, which they make.
    if (basename(hierarchy) === "unified") continue;
    const directory = join(hierarchy, name);
    await mkdir(directory, { recursive: true });
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const [all, own] = [join(hierarchy, file), join(directory, file)];
      if (existsSync(all) && existsSync(own)) await writeFile(own, await readFile(all));
    }
  }
}

/** Removes cgroups by name, with those in them. A process that was killed may be in one for a moment more. */
export async function removeCgroups(name: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    for (let tries = 0; existsSync(join(hierarchy, name)); tries++) {
      if (tries > 0) await delay(100);
      if (tries > 100) throw new Error(`the cgroup ${join(hierarchy, name)} can't be removed`);
      await removeTree(join(hierarchy, name));
    }
  }
}

/** Those of version 1 each have a directory; version 2 is one. */
async function hierarchies(): Promise<string[]> {
  if (existsSync(join(root, "cgroup.controllers"))) return [root];
  const names = await readdir(root);
  return names.map((name) => join(root, name));
}

async function removeTree(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(directory, entry.name));
  }
  await rmdir(directory).catch((error: unknown) => {
    if (!hasErrno(error, "EBUSY", "ENOENT", "ENOTEMPTY")) throw error;
  });
}

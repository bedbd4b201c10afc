import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../src/kit/run.ts";
import { needsLoopDevices } from "../../support/needs-loop-devices.ts";

/** A new file system of its own for the tests of the enclosing `describe`: `path(name)` gives a place in it, gone afterwards. */
export function mountedFileSystem(type: "xfs" | "btrfs" | "tmpfs"): (name: string) => string {
  let directory = "";
  let mounted = "";
  before(needsLoopDevices);
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "vhdx-fs-"));
    const image = join(directory, "image");
    const place = join(directory, "mnt");
    await mkdir(place);
    if (type === "tmpfs") await run("mount", ["-t", "tmpfs", "tmpfs", place]);
    else {
      await writeFile(image, "");
      await truncate(image, 400 << 20);
      await run(`mkfs.${type}`, [type === "xfs" ? "-q" : "--quiet", image]);
      await run("mount", ["-o", "loop", image, place]);
    }
    mounted = place;
  });
  after(async () => {
    if (mounted !== "") await run("umount", [mounted]);
    if (directory !== "") await rm(directory, { recursive: true });
  });
  return (name) => join(mounted, name);
}

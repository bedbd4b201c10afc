import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../src/kit/sizes.ts";
import {
  mountAgain,
  mountedVolume,
  spawnUp,
  startUp,
  unmountAndDetach,
  upDirectory,
} from "../support/running-up.ts";
import { loopsBelow, mountsBelow } from "../support/scratch-directory.ts";

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

describe("up, stopped", () => {
  const { path, state } = upDirectory();

  it("by SIGTERM takes its address and socket away, and leaves attachments and mounts", async () => {
    const up = await startUp(state());
    const volume = await mountedVolume(up, path("pods"), 64n * MiB, { fsType: "ext4" });
    expect(await up.stop("SIGTERM")).to.equal(0);
    for (const name of ["up.json", "csi.sock"])
      expect(await isThere(join(state(), name)), name).to.equal(false);
    expect(loopsBelow(state())).to.have.length(1);
    expect(await mountsBelow(path("pods"))).to.have.length(2);
    await writeFile(join(volume.target, "file"), "still here");

    const next = await startUp(state());
    expect(await mountAgain(next, volume)).to.deep.equal(volume);
    await unmountAndDetach(next, volume);
    await next.controller.DeleteVolume({ volume_id: volume.id });
    expect(await next.stop("SIGINT")).to.equal(0);
  });

  it("by kill -9 leaves a socket and an address that the next one replaces", async () => {
    await (await startUp(state())).stop("SIGKILL");
    expect(await isThere(join(state(), "csi.sock"))).to.equal(true);
    const next = await startUp(state());
    const { node_id: nodeId } = await next.node.NodeGetInfo({});
    expect(nodeId).to.equal(next.nodeId);
    await next.stop("SIGTERM");
  });

  it("twice on one directory: the second refuses, naming the first, and does it no harm", async () => {
    const first = await startUp(state());
    const second = spawnUp(state(), "--no-show");
    expect(await second.ended()).to.equal(1);
    expect(second.output()).to.match(new RegExp(`in use by hyperv-csi up \\(pid ${first.process.pid}\\)`));
    expect(await isThere(join(state(), "up.json"))).to.equal(true);
    await first.node.NodeGetInfo({});
    await first.stop("SIGTERM");
  });
});

describe("up, showing its main job", () => {
  const { path } = upDirectory();
  let runs = 0;
  const newState = () => path(`show-${runs++}`);

  /** What of the show is on this machine. */
  async function traces(state: string): Promise<string[]> {
    const names = await readdir(state, { recursive: true });
    const own = names.filter((name) => /show|\.vhdx$|^up\.json$|^csi\.sock$/.test(name));
    return [...loopsBelow(state), ...(await mountsBelow(state)), ...own];
  }

  it("--once exits with 0 and leaves nothing", async () => {
    const state = newState();
    const up = spawnUp(state, "--once");
    expect(await up.ended(), up.output()).to.equal(0);
    expect(up.output()).to.match(/every step held\n$/);
    expect(await traces(state)).to.deep.equal([]);
  });

  for (const step of ["attach it ", "while it is mounted"]) {
    it(`SIGINT after "${step.trim()}" ends it, and leaves nothing`, async () => {
      const state = newState();
      const up = spawnUp(state, "--once");
      await up.says(new RegExp(step));
      expect(await up.kill("SIGINT"), up.output()).to.equal(130);
      expect(await traces(state)).to.deep.equal([]);
    });
  }

  for (const step of ["create a volume", "write 64 MiB", "while it is mounted", "attach it again"]) {
    it(`kill -9 after "${step.trim()}": the next start clears away what was left`, async () => {
      const state = newState();
      const killed = spawnUp(state, "--once");
      await killed.says(new RegExp(step));
      await killed.kill("SIGKILL");
      expect(await traces(state)).not.to.deep.equal([]);
      const next = spawnUp(state, "--once");
      expect(await next.ended(), next.output()).to.equal(0);
      expect(await traces(state)).to.deep.equal([]);
    });
  }
});

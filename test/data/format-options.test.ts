import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { run } from "../../src/kit/run.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { capability } from "../support/node-rig.ts";
import { type RunningUp, startUp, upDirectory } from "../support/running-up.ts";

describe("format options of a StorageClass", () => {
  const { path, state } = upDirectory();
  let up: RunningUp;
  before(async () => {
    up = await startUp(state());
  });
  after(() => up.stop("SIGTERM"));

  /** Makes and stages a volume, and hands over what a tool of its file system says of the disk. */
  async function staged(
    parameters: Record<string, string>,
    look: (device: string, staging: string) => Promise<string>,
  ): Promise<string> {
    const { volume } = await up.controller.CreateVolume({
      name: randomUUID(),
      capacity_range: { required_bytes: String(320n * MiB), limit_bytes: "0" },
      volume_capabilities: [capability()],
      parameters,
    });
    const request = { volume_id: String(volume?.volume_id), volume_capability: capability() };
    const { publish_context = {} } = await up.controller.ControllerPublishVolume({
      ...request,
      node_id: up.nodeId,
    });
    const staging = join(path("staging"), randomUUID());
    await mkdir(staging, { recursive: true });
    const volume_context = volume?.volume_context ?? {};
    await up.node.NodeStageVolume({
      ...request,
      publish_context,
      volume_context,
      staging_target_path: staging,
    });
    const mount = (await readMountTable()).find(({ mountPoint }) => mountPoint === staging);
    const said = await look(String(mount?.source), staging);
    await up.node.NodeUnstageVolume({ volume_id: request.volume_id, staging_target_path: staging });
    await up.controller.ControllerUnpublishVolume({ volume_id: request.volume_id, node_id: up.nodeId });
    await up.controller.DeleteVolume({ volume_id: request.volume_id });
    return said;
  }

  it("are seen in the superblock of an ext4", async () => {
    const asked = { fsBlockSize: "1024", fsInodeSize: "512", fsReservedBlocksPercentage: "5" };
    const said = await staged({ "csi.storage.k8s.io/fstype": "ext4", ...asked }, (device) =>
      run("dumpe2fs", ["-h", device]),
    );
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(said)?.[1]);
    expect([field("Block size"), field("Inode size")]).to.deep.equal([1024, 512]);
    expect(Math.round((100 * field("Reserved block count")) / field("Block count"))).to.equal(5);
  });

  it("are seen in an xfs", async () => {
    const asked = { fsBlockSize: "2048", fsInodeSize: "1024" };
    const said = await staged({ "csi.storage.k8s.io/fstype": "xfs", ...asked }, (_device, staging) =>
      run("xfs_info", [staging]),
    );
    expect(said).to.match(/isize=1024\b/);
    expect(said).to.match(/^data .*bsize=2048\b/m);
  });

  it("are seen in the superblock of a btrfs", async () => {
    const said = await staged({ "csi.storage.k8s.io/fstype": "btrfs", fsBlockSize: "4096" }, (device) =>
      run("btrfs", ["inspect-internal", "dump-super", device]),
    );
    expect(said).to.match(/^sectorsize\s+4096$/m);
  });
});

import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { refused } from "../../support/refused.ts";
import { checksum } from "../../support/device-bytes.ts";
import { windowsRig } from "../../support/windows-rig.ts";
import { HRESULT, StorageRefusal } from "../../windows-sim/refusals.ts";

describe("a Windows node, when things go wrong", () => {
  const rig = windowsRig();
  afterEach(() => rig.get.windows.change((state) => ({ ...state, faults: [] })));

  const says = (hresult: number) => new StorageRefusal(hresult).answer;

  it("tells what Windows refuses by its number, whatever the language", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    const error = says(HRESULT.accessDenied);
    await windows.fault({ op: "setOnline", kind: "error", when: "before", error });
    await refused(node.stage(volume), "PERMISSION_DENIED", "setOnline");
    await node.stage(volume);
  });

  it("says so when a disk is offline again, and stages it later", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    await windows.fault({ op: "setOnline", kind: "without-effect" });
    await refused(node.stage(volume), "FAILED_PRECONDITION", "offline again");
    await node.stage(volume);
  });

  it("keeps a volume staged whose disk somebody has open, until they are done", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    await node.stage(volume);
    await windows.fault({ op: "setOffline", kind: "error", when: "before", error: says(HRESULT.inUse) });
    await refused(node.unstage(volume), "FAILED_PRECONDITION", "0x800700aa");
    expect(await windows.disk(volume.id)).to.include({ isOffline: false });
    await node.unstage(volume);
    expect(await windows.disk(volume.id)).to.include({ isOffline: true });
  });

  it("replaces workers that hang, die or write what they were not asked for", async () => {
    const { node, windows } = rig.get;
    rig.get.longest = (op) => (op === "survey" ? 5000 : undefined);
    const volume = await node.volume();
    for (const kind of ["hang", "crash", "garbage"] as const) {
      await windows.fault({ op: "survey", kind, when: "before" });
      await node.stage(volume);
    }
    rig.get.longest = () => undefined;
  });

  it("takes the disk with the volume's name where two have one LUN", async () => {
    const { node, windows } = rig.get;
    const [volume, other] = [await node.volume(), await node.volume()];
    const { controllers } = await windows.state();
    const { lun } = await windows.disk(volume.id);
    await windows.mark(other.id, { lun, controllerId: controllers[0] ?? "" });
    const before = await checksum(other.device);
    await node.stage(volume);
    expect(await checksum(other.device)).to.equal(before);
    await refused(node.stage(other), "FAILED_PRECONDITION", "It was moved");
  });

  it("refuses a disk with another name in the volume's place, and the same name twice", async () => {
    const { node, windows } = rig.get;
    const [volume, twin] = [await node.volume(), await node.volume()];
    const { uniqueId } = await windows.disk(volume.id);
    const before = await checksum(twin.device);
    await windows.mark(twin.id, { uniqueId });
    await refused(node.stage(volume), "FAILED_PRECONDITION", "several disks name themselves");
    expect(await checksum(twin.device)).to.equal(before);
    expect(await checksum(volume.device)).to.equal(before);
  });

  it("unpublishes and unstages what a disk left behind that was pulled out", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    await node.stage(volume);
    await node.publish(volume);
    await windows.pull(volume.id);
    const reasons = (await node.health(volume)).map(({ reason }) => reason);
    expect(reasons).to.include("DiskGone");
    await node.unpublish(volume);
    await node.unstage(volume);
  });

  it("refuses raw block volumes, mount options and encryption, and says why", async () => {
    const { node } = rig.get;
    const volume = await node.volume();
    await refused(node.stage(volume, { access: "block" }), "INVALID_ARGUMENT", "raw block");
    await refused(node.publish(volume, { access: "block" }), "INVALID_ARGUMENT", "raw block");
    await refused(node.stage(volume, { flags: ["noatime"] }), "INVALID_ARGUMENT", "no mount options");
    const secrets = { encryptionPassphrase: "secret" };
    await refused(
      node.stage(volume, { secrets }, volume.staging, { encryption: "luks2" }),
      "FAILED_PRECONDITION",
      "LUKS2",
    );
  });

  it("shows a volume for a single writer at one path of kubelet's pods", async () => {
    const { node, kubelet } = rig.get;
    const volume = await node.volume();
    const single = { mode: "SINGLE_NODE_SINGLE_WRITER" } as const;
    const target = (pod: string) => join(kubelet, "pods", pod, "volumes", "kubernetes.io~csi", "pv", "mount");
    await node.stage(volume, single);
    await node.publish(volume, single, target("one"));
    await refused(node.publish(volume, single, target("two")), "FAILED_PRECONDITION", target("one"));
    await refused(node.unstage(volume), "FAILED_PRECONDITION", "still in use");
    await node.unpublish(volume, target("one"));
    await node.stage(volume, single);
    await node.publish(volume, single, target("two"));
    await node.unpublish(volume, target("two"));
    await node.unstage(volume);
  });

  it("grows the file system to its disk, in use and when it is staged", async () => {
    const { node } = rig.get;
    const volume = await node.volume();
    await node.stage(volume);
    await refused(node.expand(volume, volume.staging, 128n * MiB), "UNAVAILABLE", "has not grown it");
    await node.grow(volume, 128n * MiB);
    for (let again = 0; again < 2; again++) await node.expand(volume, volume.staging, 128n * MiB);
    expect((await node.stats(volume, volume.staging)).bytes?.total).to.equal(111 * 1024 * 1024);
    await node.unstage(volume);
    await node.grow(volume, 192n * MiB);
    await rig.get.windows.mark(volume.id, { size: 192 * Number(MiB) });
    await node.stage(volume);
    expect((await node.stats(volume, volume.staging)).bytes?.total).to.equal(175 * 1024 * 1024);
  });

  it("tells what is wrong with a volume and its disk", async () => {
    const { node, windows } = rig.get;
    const volume = await node.volume();
    await node.stage(volume);
    await node.publish(volume);
    const reasons = async () => (await node.health(volume)).map(({ reason }) => reason);
    expect(await reasons()).to.deep.equal([]);
    await windows.mark(volume.id, { healthStatus: 2 });
    expect(await reasons()).to.deep.equal(["DiskErrors"]);
    await windows.mark(volume.id, { healthStatus: 0 });
    const other = node.local.path("not-a-volume");
    await mkdir(other);
    await symlink(other, node.local.path("a-link"));
    expect((await node.health(volume, other, "")).map(({ reason }) => reason)).to.deep.equal(["NotMounted"]);
    expect(await reasons()).to.deep.equal([]);
  });
});

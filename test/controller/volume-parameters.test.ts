import { expect } from "chai";
import { inspectVhdx } from "../../src/vhdx/index.ts";
import { GiB, MiB } from "../../src/kit/sizes.ts";
import { readParameters } from "../../src/controller/volume-parameters.ts";
import { testController, WRITER } from "../support/controller.ts";
import { expectFailure, thrownBy } from "../support/failure.ts";
import { context } from "../support/local-rig.ts";

const METADATA = {
  "csi.storage.k8s.io/pvc/name": "data",
  "csi.storage.k8s.io/pvc/namespace": "team-a",
  "csi.storage.k8s.io/pv/name": "pvc-42",
};
const BLOCK = { block: {}, access_mode: { mode: "SINGLE_NODE_WRITER" } } as const;
const mounted = (fs_type: string) => ({ ...WRITER, mount: { fs_type } });

describe("controller volume parameters", () => {
  const controller = testController();
  let count = 0;
  const create = (parameters: Record<string, string>, capability: object = WRITER, name = `v-${++count}`) =>
    controller.call.CreateVolume({
      name,
      volume_capabilities: [capability],
      capacity_range: { required_bytes: String(8n * MiB) },
      parameters,
    });
  const made = async (parameters: Record<string, string>, capability: object = WRITER) => {
    const { volume } = await create(parameters, capability);
    const id = volume!.volume_id.split("/")[1]!;
    const { volumes } = await controller.agents["local"]!.client.listVolumes(0, "", {
      ...context(),
      deadline: performance.now() + 60_000,
    });
    return { volume: volume!, listed: volumes.find(({ DiskIdentifier }) => DiskIdentifier === id)! };
  };

  it("make the disk that they say", async () => {
    const { listed } = await made({ diskType: "fixed", diskBlockSize: "4Mi", pool: "default" });
    expect(listed).to.include({ Type: "fixed", Pool: "default" });
    expect((await inspectVhdx(listed.Path)).blockSize).to.equal(4 * 2 ** 20);
  });

  it("name the file and label the volume from what Kubernetes says", async () => {
    const { listed } = await made({
      nameTemplate: "${pvc.namespace}_${pvc.name}",
      labels: "team=storage, claim=${pvc.namespace}/${pvc.name},pv=${pv.name},empty=",
      ...METADATA,
    });
    expect(listed.Name).to.equal(`v-${count}`);
    expect(listed.Path).to.match(/\/team-a_data;[^/]*\.vhdx$/);
    expect(listed.Labels).to.deep.equal({ team: "storage", claim: "team-a/data", pv: "pvc-42", empty: "" });
    const second = await made({ nameTemplate: "${pvc.namespace}_${pvc.name}", ...METADATA });
    expect(second.listed.Path).to.contain(`/team-a_data-${second.listed.DiskIdentifier.slice(0, 8)};`);
  });

  it("reach the nodes in the volume's context", async () => {
    const { volume } = await made(
      { fsBlockSize: "1024", fsInodeSize: "512", fsReservedBlocksPercentage: "5", encryption: "luks2" },
      mounted("ext4"),
    );
    expect(volume.volume_context).to.deep.equal({
      encryption: "luks2",
      fsBlockSize: "1024",
      fsInodeSize: "512",
      fsReservedBlocksPercentage: "5",
    });
    expect(BigInt(volume.capacity_bytes)).to.equal(22n * MiB);
    const xfs = await made(
      { "csi.storage.k8s.io/fstype": "xfs", fsInodeSize: "2048", encryption: "luks2" },
      mounted(""),
    );
    expect(xfs.volume.volume_context).to.deep.equal({
      fsType: "xfs",
      fsInodeSize: "2048",
      encryption: "luks2",
    });
    expect(BigInt(xfs.volume.capacity_bytes)).to.equal(316n * MiB);
  });

  it("may encrypt a raw block volume, which has room for the header", async () => {
    const { volume } = await made({ encryption: "luks2" }, BLOCK);
    expect(volume.volume_context).to.deep.equal({ encryption: "luks2" });
    expect(BigInt(volume.capacity_bytes)).to.equal(22n * MiB);
  });

  it("of a file system are fine for a raw block volume", async () => {
    await create({ fsBlockSize: "1024", "csi.storage.k8s.io/fstype": "ext4" }, BLOCK);
  });

  const refusals: [parameters: Record<string, string>, text: RegExp, capability?: object][] = [
    [{ disktype: "fixed" }, /"disktype" is not known: did you mean diskType\?/],
    [{ DISKTYPE: "fixed" }, /did you mean diskType\?/],
    [{ fstype: "xfs" }, /did you mean/],
    [{ "csi.storage.k8s.io/fsType": "xfs" }, /did you mean csi.storage.k8s.io\/fstype\?/],
    [{ fsBlocksize: "4096" }, /did you mean fsBlockSize\?/],
    [{ label: "a=b" }, /did you mean labels\?/],
    [{ encrypted: "true" }, /did you mean encryption\?/],
    [{ "": "" }, /"" is not known/],
    [{ "csi.storage.k8s.io/pvc/name/x": "" }, /is not known/],
    [{ diskType: "thin" }, /"thin" is neither fixed nor dynamic/],
    [{ diskType: "dynamic" }, /can't attach dynamic disks/],
    [{ diskBlockSize: "3Mi" }, /"3Mi" is not bytes, a power of two from 1Mi to 256Mi/],
    [{ diskBlockSize: "512Ki" }, /power of two/],
    [{ diskBlockSize: "512Mi" }, /power of two/],
    [{ diskBlockSize: "-1" }, /power of two/],
    [{ diskBlockSize: "" }, /power of two/],
    [{ pool: "" }, /pool is empty/],
    [{ "csi.storage.k8s.io/fstype": "zfs" }, /there are ext4, xfs, btrfs/],
    [{ fsBlockSize: "4k" }, /fsBlockSize "4k" is not a whole number/],
    [{ fsBlockSize: "512" }, /fsBlockSize 512 is not for ext4/],
    [{ fsInodeSize: "256" }, /fsInodeSize is not for btrfs/, mounted("btrfs")],
    [{ fsInodeSize: "256" }, /512, 1024, 2048/, mounted("xfs")],
    [{ fsReservedBlocksPercentage: "5" }, /not for xfs/, mounted("xfs")],
    [{ fsReservedBlocksPercentage: "51" }, /0 to 50/],
    [{ "csi.storage.k8s.io/fstype": "btrfs", fsInodeSize: "256" }, /not for btrfs/, BLOCK],
    [{ encryption: "true" }, /encryption "true" is not known; there is luks2/],
    [{ nameTemplate: "" }, /nameTemplate is empty/],
    [{ nameTemplate: "${pvc.name}" }, /--extra-create-metadata/],
    [{ nameTemplate: "${pvc.Name}", ...METADATA }, /did you mean pvc.name\?/],
    [{ nameTemplate: "${pvc.name", ...METADATA }, /did you mean pvc.name\?/],
    [{ nameTemplate: "${__proto__}", ...METADATA }, /did you mean/],
    [{ nameTemplate: "../${pvc.name}", ...METADATA }, /file name/],
    [{ nameTemplate: "${pvc.name}", "csi.storage.k8s.io/pvc/name": "../../etc" }, /file name/],
    [{ nameTemplate: "${pvc.name}", "csi.storage.k8s.io/pvc/name": "a;b" }, /file name/],
    [
      { nameTemplate: "${pvc.name}", "csi.storage.k8s.io/pvc/name": "x".repeat(129) },
      /longer than 128 bytes/,
    ],
    [{ labels: "team" }, /"team", which is not KEY=VALUE/],
    [{ labels: "=x" }, /not KEY=VALUE/],
    [{ labels: "a=1,a=2" }, /"a" twice/],
    [{ labels: "a=${pvc.uid}", ...METADATA }, /did you mean/],
  ];
  for (const [parameters, text, capability] of refusals) {
    it(`refuse ${JSON.stringify(parameters).slice(0, 100)}`, async () => {
      await expectFailure(create(parameters, capability), "INVALID_ARGUMENT", text);
    });
  }

  it("are looked at alike by ValidateVolumeCapabilities and GetCapacity", async () => {
    const { volume } = await create({});
    const capability = mounted("btrfs");
    const parameters = { fsInodeSize: "256" };
    const request = { volume_id: volume!.volume_id, volume_capabilities: [capability], parameters };
    const { confirmed, message } = await controller.call.ValidateVolumeCapabilities(request);
    expect(confirmed).to.equal(null);
    expect(message).to.contain("fsInodeSize is not for btrfs");
    const fine = await controller.call.ValidateVolumeCapabilities({
      ...request,
      volume_capabilities: [WRITER],
      mutable_parameters: { labels: "a=b" },
    });
    expect(fine.confirmed?.mutable_parameters).to.deep.equal({ labels: "a=b" });
    const none = await controller.call.GetCapacity({ parameters, volume_capabilities: [capability] });
    expect(none.available_capacity).to.equal("0");
    const some = await controller.call.GetCapacity({ parameters, volume_capabilities: [WRITER] });
    expect(BigInt(some.available_capacity) > GiB / 64n).to.equal(true);
    await expectFailure(
      controller.call.GetCapacity({ parameters: { fsblock: "1" } }),
      "INVALID_ARGUMENT",
      /did you mean/,
    );
  });

  it("change labels while the volume lives, one class after the other", async () => {
    const { volume, listed } = await made({ labels: "a=1" });
    await controller.call.ControllerModifyVolume({
      volume_id: volume.volume_id,
      mutable_parameters: { labels: "b=2,a=3" },
    });
    const call = { ...context(), deadline: performance.now() + 60_000 };
    const { labels } = await controller.agents["local"]!.client.getVolume(listed.DiskIdentifier, call);
    expect(labels).to.deep.equal({ a: "3", b: "2" });
    const bad = { volume_id: volume.volume_id, mutable_parameters: { labels: "x" } };
    await expectFailure(controller.call.ControllerModifyVolume(bad), "INVALID_ARGUMENT", /KEY=VALUE/);
  });

  it("that are not known are told short", () => {
    expect(thrownBy(() => readParameters({ ["x".repeat(10_000)]: "" })).message.length).to.be.below(600);
  });
});

import { randomUUID } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { stringify } from "yaml";
import type { Finding } from "../../../../src/commands/agent/migration/findings.ts";
import { MiB } from "../../../../src/kit/sizes.ts";
import { createVhdx } from "../../../../src/vhdx/index.ts";
import { bundleOf } from "../../../support/bundle.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";

const OLD = "hyperv.csi.fireflycons.io";

describe("hyperv-csi agent check-migration", () => {
  const scratch = scratchDirectory();
  const bundle = bundleOf();
  let directory: string;

  beforeEach(async () => {
    directory = scratch(randomUUID());
    await mkdir(directory);
  });

  /** A disk as khyperv-csi leaves it. */
  async function disk(name: string, id: string = randomUUID(), virtualDiskId = id): Promise<string> {
    const path = join(directory, `${name};${id.toUpperCase()}.vhdx`);
    await createVhdx(path, { type: "dynamic", size: 8n * MiB, virtualDiskId });
    return id;
  }
  async function check(objects: readonly object[], ...more: string[]) {
    const file = join(directory, "objects.yaml");
    await writeFile(file, objects.map((object) => stringify(object)).join("---\n"));
    const args = ["agent", "check-migration", "--directory", directory, "-o", "json", ...more, file];
    const { exitCode, stdout, stderr } = await execa(process.execPath, [bundle, ...args], { reject: false });
    const findings = stdout === "" ? [] : (JSON.parse(stdout) as Finding[]);
    return { exitCode, stderr, findings, of: (name: string) => findings.find((each) => each.name === name) };
  }
  const pv = (name: string, volumeHandle: string, spec: object = {}, csi: object = {}) => ({
    kind: "PersistentVolume",
    metadata: { name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "8Mi" },
      persistentVolumeReclaimPolicy: "Retain",
      csi: { driver: OLD, volumeHandle, fsType: "ext4", ...csi },
      ...spec,
    },
  });

  it("serves disks of that layout as they are, under the old name of the driver", async () => {
    const id = await disk("pvc-1");
    const { exitCode, findings } = await check([pv("one", id)], "--driver-name", OLD);
    expect(findings.map(({ kind, verdict }) => [kind, verdict])).to.deep.equal([
      ["disk", "served"],
      ["PersistentVolume", "served"],
    ]);
    expect(exitCode).to.equal(0);
  });

  it("says what to change under its own name", async () => {
    const id = await disk("pvc-1");
    const storageClass = { kind: "StorageClass", metadata: { name: "sc" }, provisioner: OLD };
    const { exitCode, of } = await check([
      pv("kept", id),
      pv("deleted", id, { persistentVolumeReclaimPolicy: "Delete" }),
      storageClass,
    ]);
    expect(of("kept")).to.include({ verdict: "change" });
    expect(of("kept")?.message).to.contain("hyperv.csi.dev").and.not.contain("Retain");
    expect(of("deleted")?.message).to.contain("Retain first");
    expect(of("sc")?.message).to.contain("its provisioner is");
    expect(exitCode).to.equal(3);
  });

  it("tells disks that are none of ours, and why", async () => {
    await disk("other-id", randomUUID(), randomUUID());
    await writeFile(join(directory, `broken;${randomUUID()}.vhdx`), "no disk");
    await writeFile(join(directory, "plain.vhdx"), "");
    await writeFile(join(directory, `pvc;${randomUUID()}_${randomUUID().toUpperCase()}.avhdx`), "");
    await writeFile(join(directory, "old.vhd"), "");
    await writeFile(join(directory, "notes.txt"), "");
    const { findings } = await check([]);
    expect(findings.every(({ verdict }) => verdict === "not served")).to.equal(true);
    const said = (part: string) => findings.find(({ name }) => name.includes(part))?.message;
    expect(said("other-id")).to.contain("differ");
    expect(said("broken")).to.contain("can't be read");
    expect(said("plain.vhdx")).to.contain("NAME;ID.vhdx");
    expect(said(".avhdx")).to.contain("checkpoint");
    expect(said("old.vhd")).to.contain("convert it");
    expect(findings).to.have.length(5);
  });

  it("serves neither of two disks that can't be told apart", async () => {
    const id = await disk("pvc-1");
    const [file = ""] = await readdir(directory);
    await copyFile(join(directory, file), join(directory, `copy;${id}.vhdx`));
    const { findings, of } = await check([pv("one", id)]);
    expect(
      findings.filter(({ kind, verdict }) => kind === "disk" && verdict === "not served"),
    ).to.have.length(2);
    expect(of("one")?.message).to.contain("no disk with its id");
  });

  it("says of PersistentVolumes what this driver can't do", async () => {
    const id = await disk("pvc-1");
    const { of } = await check([
      pv("lost", randomUUID()),
      pv("garbled", "not-an-id"),
      pv("shared", id, { accessModes: ["ReadWriteMany"] }),
      pv("ntfs", id, {}, { fsType: "ntfs" }),
      pv("large", id, { capacity: { storage: "1Gi" } }),
      pv("pinned", id, { nodeAffinity: { required: {} } }),
      pv("foreign", id, {}, { driver: "disk.csi.example.com" }),
      pv("block", id, { volumeMode: "Block" }, { fsType: "ntfs" }),
    ]);
    expect(of("lost")).to.include({ verdict: "not served" });
    expect(of("garbled")?.message).to.contain("is no volume id");
    expect(of("shared")?.message).to.contain("ReadWriteMany");
    expect(of("ntfs")?.message).to.contain("don't mount ntfs");
    expect(of("large")).to.include({ verdict: "change" });
    expect(of("large")?.message).to.contain("1073741824 bytes and the disk has 8388608");
    expect(of("pinned")?.message).to.contain("nodeAffinity");
    expect(of("block")).to.include({ verdict: "change" });
    expect(of("foreign")).to.equal(undefined);
  });

  it("judges the parameters of classes as a create would", async () => {
    const storageClass = (name: string, parameters: object) => ({
      kind: "StorageClass",
      metadata: { name },
      provisioner: OLD,
      parameters,
    });
    const { of } = await check([
      storageClass("xfs", { "csi.storage.k8s.io/fstype": "xfs" }),
      storageClass("secret", { "csi.storage.k8s.io/node-stage-secret-name": "passphrase" }),
      storageClass("odd", { diskTyp: "fixed" }),
    ]);
    expect(of("xfs")).to.include({ verdict: "change" });
    expect(of("secret")).to.include({ verdict: "change" });
    expect(of("odd")).to.include({ verdict: "not served" });
    expect(of("odd")?.message).to.contain("diskType");
  });

  it("reads lists, as kubectl prints them, and names a disk that nothing uses", async () => {
    const id = await disk("used");
    await disk("unused");
    const { findings, of } = await check([{ kind: "List", items: [pv("one", id), { kind: "Pod" }] }]);
    expect(of("one")).to.include({ verdict: "change" });
    expect(findings.find(({ name }) => name.startsWith("unused"))?.message).to.contain("no PersistentVolume");
  });

  it("changes nothing in the directory", async () => {
    await disk("pvc-1");
    const [file = ""] = await readdir(directory);
    const before = await readFile(join(directory, file));
    await check([]);
    expect((await readdir(directory)).sort()).to.deep.equal(["objects.yaml", file].sort());
    expect((await readFile(join(directory, file))).equals(before)).to.equal(true);
  });

  it("fails with 1 for what can't be read", async () => {
    const args = ["agent", "check-migration", "--directory", scratch("none")];
    const { exitCode, stderr } = await execa(process.execPath, [bundle, ...args], { reject: false });
    expect(exitCode).to.equal(1);
    expect(stderr).to.contain("none");
    await writeFile(join(directory, "bad.yaml"), "a: [");
    const bad = await check([], join(directory, "bad.yaml"));
    expect(bad.exitCode).to.equal(1);
    expect(bad.stderr).to.contain("bad.yaml");
  });
});

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { readMutable } from "../../src/controller/mutable-parameters.ts";
import { refuseSnapshotParameters } from "../../src/controller/snapshot-parameters.ts";
import { readParameters } from "../../src/controller/volume-parameters.ts";
import { requireHandle } from "../../src/csi/handle.ts";
import { DEFAULT_DRIVER_NAME } from "../../src/csi/driver.ts";
import { testController } from "../support/controller.ts";
import { type Manifest, manifestsOf } from "./helm.ts";

const examples = join(import.meta.dirname, "../../deploy/kubernetes/examples");

/** The provisioner takes these for itself. */
const forProvisioner = /^csi\.storage\.k8s\.io\/.*-secret-name(space)?$/;

describe("the example manifests", () => {
  let manifests: Manifest[];

  before(async () => {
    const files = await readdir(examples);
    const texts = await Promise.all(files.map((file) => readFile(join(examples, file), "utf8")));
    manifests = texts.flatMap(manifestsOf);
  });

  const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
  const named = (kind: string) => ofKind(kind).map(({ metadata }) => metadata.name);
  const parametersOf = (manifest: Manifest) => (manifest["parameters"] ?? {}) as Record<string, string>;
  const controller = testController();

  it("have classes whose capacity is known, asked as the provisioner does: with all of their parameters", async () => {
    for (const each of ofKind("StorageClass")) {
      const answer = await controller.call.GetCapacity({ parameters: parametersOf(each) });
      expect(Number(answer.available_capacity), each.metadata.name).to.be.greaterThan(0);
    }
  });

  it("have parameters that the driver takes", () => {
    const classes = ofKind("StorageClass");
    expect(classes.length).to.be.greaterThan(2);
    for (const each of classes) {
      const own = Object.entries(parametersOf(each)).filter(([name]) => !forProvisioner.test(name));
      readParameters(Object.fromEntries(own));
    }
    for (const each of ofKind("VolumeAttributesClass")) readMutable(parametersOf(each));
    for (const each of ofKind("VolumeSnapshotClass")) refuseSnapshotParameters(parametersOf(each));
    for (const each of ofKind("PersistentVolume")) {
      const { csi } = each["spec"] as { csi: { volumeHandle: string } };
      requireHandle(csi.volumeHandle);
    }
  });

  it("name this driver", () => {
    for (const each of manifests) {
      const driver = each["provisioner"] ?? each["driver"] ?? each["driverName"];
      if (driver !== undefined) expect(driver, each.metadata.name).to.equal(DEFAULT_DRIVER_NAME);
    }
  });

  it("name only what is among them", () => {
    const text = JSON.stringify(manifests);
    const mentioned = (field: string) =>
      [...text.matchAll(new RegExp(`"${field}":"([^"]+)"`, "g"))].map(([, name]) => name);
    expect(named("StorageClass")).to.include.members([...new Set(mentioned("storageClassName"))]);
    expect(named("VolumeSnapshotClass")).to.include.members(mentioned("volumeSnapshotClassName"));
    expect(named("PersistentVolumeClaim")).to.include.members([
      ...mentioned("claimName"),
      ...mentioned("persistentVolumeClaimName"),
    ]);
    expect(named("Secret")).to.include.members(mentioned("csi\\.storage\\.k8s\\.io/node-stage-secret-name"));
    const sources = [...text.matchAll(/"dataSource":\{[^}]*"kind":"(\w+)","name":"([^"]+)"/g)];
    expect(sources.length).to.equal(2);
    for (const [, kind = "", name] of sources) expect(named(kind)).to.include(name);
  });
});

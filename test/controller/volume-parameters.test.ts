import { expect } from "chai";
import { readParameters } from "../../src/controller/volume-parameters.ts";
import { thrownBy } from "../support/failure.ts";

describe("controller volume parameters", () => {
  it("has no file system unless a class names one", () => {
    expect(readParameters({})).to.deep.equal({ fsType: undefined });
    expect(readParameters({ "csi.storage.k8s.io/fstype": "" })).to.deep.equal({ fsType: undefined });
  });

  for (const fsType of ["ext4", "xfs", "btrfs"]) {
    it(`reads the file system ${fsType}`, () => {
      expect(readParameters({ "csi.storage.k8s.io/fstype": fsType })).to.deep.equal({ fsType });
    });
  }

  for (const fsType of ["ntfs", "EXT4", "ext4 ", "-t", "ext4,xfs"]) {
    it(`refuses the file system ${JSON.stringify(fsType)}`, () => {
      const error = thrownBy(() => readParameters({ "csi.storage.k8s.io/fstype": fsType }));
      expect(error.code).to.equal("INVALID_ARGUMENT");
      expect(error.message).to.contain("there are ext4, xfs, btrfs");
    });
  }

  it("passes over what the provisioner adds", () => {
    const parameters = {
      "csi.storage.k8s.io/pvc/name": "claim",
      "csi.storage.k8s.io/pvc/namespace": "team",
      "csi.storage.k8s.io/pv/name": "pvc-1",
    };
    expect(readParameters(parameters)).to.deep.equal({ fsType: undefined });
  });

  for (const name of [
    "fstype",
    "csi.storage.k8s.io/fsType",
    "type",
    "",
    "csi.storage.k8s.io/pvc/name/x",
    "__proto__x",
  ]) {
    it(`refuses the unknown parameter ${JSON.stringify(name)} by its name`, () => {
      const error = thrownBy(() => readParameters({ [name]: "ext4" }));
      expect(error.code).to.equal("INVALID_ARGUMENT");
      expect(error.message).to.contain(JSON.stringify(name)).and.to.contain("csi.storage.k8s.io/fstype");
    });
  }

  it("cuts a long name in the error", () => {
    const error = thrownBy(() => readParameters({ ["x".repeat(10_000)]: "" }));
    expect(error.message.length).to.be.below(300);
  });
});

import { expect } from "chai";
import { fileSystems } from "../../src/csi/volume-capability.ts";
import { decodeVolumeContext, encodeVolumeContext } from "../../src/csi/volume-context.ts";
import { thrownBy } from "../support/failure.ts";

describe("csi volume context", () => {
  for (const fsType of [...fileSystems, undefined]) {
    it(`carries ${fsType ?? "no file system"} from the controller to the node`, () => {
      const context = encodeVolumeContext({ fsType });
      expect(decodeVolumeContext(context)).to.deep.equal({ fsType });
      expect(Object.values(context).every((value) => typeof value === "string")).to.equal(true);
    });
  }

  it("passes over keys of others", () => {
    const context = { "storage.kubernetes.io/csiProvisionerIdentity": "1", fsType: "xfs" };
    expect(decodeVolumeContext(context)).to.deep.equal({ fsType: "xfs" });
  });

  it("refuses a file system that no controller of ours wrote", () => {
    expect(thrownBy(() => decodeVolumeContext({ fsType: "ntfs" })).code).to.equal("INVALID_ARGUMENT");
    expect(thrownBy(() => decodeVolumeContext({ fsType: "" })).code).to.equal("INVALID_ARGUMENT");
  });
});

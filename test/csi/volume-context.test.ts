import { expect } from "chai";
import fc from "fast-check";
import { fileSystems } from "../../src/csi/volume-capability.ts";
import { decodeVolumeContext, encodeVolumeContext } from "../../src/csi/volume-context.ts";
import { thrownBy } from "../support/failure.ts";

const nothing = { fsType: undefined, encryption: undefined, format: {} };

describe("csi volume context", () => {
  it("is empty for a volume of which nothing is said", () => {
    expect(encodeVolumeContext(nothing)).to.deep.equal({});
    expect(decodeVolumeContext({})).to.deep.equal(nothing);
  });

  it("has the keys that the reference tells", () => {
    const context = encodeVolumeContext({
      fsType: "ext4",
      encryption: "luks2",
      format: { blockSize: 1024, inodeSize: 256, reservedBlocksPercentage: 0 },
    });
    expect(context).to.deep.equal({
      fsType: "ext4",
      encryption: "luks2",
      fsBlockSize: "1024",
      fsInodeSize: "256",
      fsReservedBlocksPercentage: "0",
    });
  });

  it("carries all from the controller to the node", () => {
    const number = fc.nat({ max: 999_999 });
    const contexts = fc.record({
      fsType: fc.constantFrom(...fileSystems, undefined),
      encryption: fc.constantFrom("luks2" as const, undefined),
      format: fc.record(
        { blockSize: number, inodeSize: number, reservedBlocksPercentage: number },
        { requiredKeys: [] },
      ),
    });
    fc.assert(
      fc.property(contexts, (context) => {
        const encoded = encodeVolumeContext(context);
        expect(Object.values(encoded).every((value) => typeof value === "string")).to.equal(true);
        expect(decodeVolumeContext(encoded)).to.deep.equal(context);
      }),
    );
  });

  it("passes over keys of others", () => {
    const context = { "storage.kubernetes.io/csiProvisionerIdentity": "1", fsType: "xfs" };
    expect(decodeVolumeContext(context)).to.deep.equal({ ...nothing, fsType: "xfs" });
  });

  for (const context of [
    { fsType: "zfs" },
    { fsType: "" },
    { encryption: "" },
    { encryption: "luks1" },
    { encryption: "LUKS2" },
    { fsBlockSize: "" },
    { fsBlockSize: "-1" },
    { fsBlockSize: "4k" },
    { fsInodeSize: "0x100" },
    { fsInodeSize: "256 " },
    { fsReservedBlocksPercentage: "1.5" },
    { fsReservedBlocksPercentage: "9999999" },
  ]) {
    it(`refuses what no controller of ours wrote: ${JSON.stringify(context)}`, () => {
      expect(thrownBy(() => decodeVolumeContext(context)).code).to.equal("INVALID_ARGUMENT");
    });
  }
});

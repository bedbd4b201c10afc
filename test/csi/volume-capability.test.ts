import { expect } from "chai";
import { _csi_v1_VolumeCapability_AccessMode_Mode as modes } from "../../src/csi/generated/csi/v1/VolumeCapability.ts";
import {
  fileSystems,
  readCapabilities,
  readCapability,
  readFileSystem,
} from "../../src/csi/volume-capability.ts";
import { thrownBy } from "../support/failure.ts";

type Mode = (typeof modes)[keyof typeof modes];
const SUPPORTED: readonly Mode[] = [
  "SINGLE_NODE_WRITER",
  "SINGLE_NODE_READER_ONLY",
  "SINGLE_NODE_SINGLE_WRITER",
  "SINGLE_NODE_MULTI_WRITER",
];

const block = (mode: Mode = "SINGLE_NODE_WRITER") => ({ block: {}, access_mode: { mode } });
const mount = (fields: object = {}, mode: Mode = "SINGLE_NODE_WRITER") => ({
  mount: { fs_type: "", mount_flags: [], volume_mount_group: "", ...fields },
  access_mode: { mode },
});

describe("csi volume capability", () => {
  for (const mode of Object.values(modes)) {
    const supported = SUPPORTED.includes(mode);
    it(`with access mode ${mode} is ${supported ? "read" : "refused"}`, () => {
      for (const capability of [block(mode), mount({}, mode)]) {
        if (supported) {
          expect(readCapability(capability)).to.include({
            readOnlyMode: mode === "SINGLE_NODE_READER_ONLY",
            singleWriter: mode === "SINGLE_NODE_SINGLE_WRITER",
          });
        } else {
          const error = thrownBy(() => readCapability(capability));
          expect(error.code).to.equal("INVALID_ARGUMENT");
          for (const text of mode === "UNKNOWN" ? ["access_mode is missing"] : [mode, "one VM has at a time"])
            expect(error.message).to.contain(text);
        }
      }
    });
  }

  it("says what is missing", () => {
    const message = (capability: Parameters<typeof readCapability>[0]) =>
      thrownBy(() => readCapability(capability)).message;
    expect(message(null)).to.equal("volume_capability is missing");
    expect(message({ block: {}, access_mode: null })).to.contain("access_mode is missing");
    expect(message({ access_mode: { mode: "SINGLE_NODE_WRITER" } })).to.contain("access_type is missing");
    expect(thrownBy(() => readCapabilities([])).message).to.equal("volume_capabilities is missing");
  });

  it("of a block volume has no file system", () => {
    expect(readCapability(block())).to.deep.equal({
      access: "block",
      readOnlyMode: false,
      singleWriter: false,
    });
  });

  for (const fsType of fileSystems) {
    it(`has the file system ${fsType} and its mount flags`, () => {
      const use = readCapability(mount({ fs_type: fsType, mount_flags: ["noatime", "discard"] }));
      expect(use).to.deep.equal({
        access: "mount",
        readOnlyMode: false,
        singleWriter: false,
        fsType,
        mountFlags: ["noatime", "discard"],
      });
      expect(readFileSystem(fsType)).to.equal(fsType);
    });
  }

  it("leaves the file system open when it names none", () => {
    expect(readCapability(mount())).to.have.property("fsType", undefined);
  });

  for (const fsType of ["zfs", "NTFS", "EXT4", " ext4", "ext4\n", "-F", "ext3", "x".repeat(10_000)]) {
    it(`refuses the file system ${JSON.stringify(fsType.slice(0, 20))}`, () => {
      for (const read of [() => readFileSystem(fsType), () => readCapability(mount({ fs_type: fsType }))]) {
        const error = thrownBy(read);
        expect(error.code).to.equal("INVALID_ARGUMENT");
        expect(error.message).to.contain("ext4, xfs, btrfs");
        expect(error.message.length).to.be.below(300);
      }
    });
  }

  it("refuses a mount group, which kubelet sets itself", () => {
    const error = thrownBy(() => readCapability(mount({ volume_mount_group: "1000" })));
    expect(error).to.include({ code: "INVALID_ARGUMENT" });
    expect(error.message).to.contain("volume_mount_group");
  });

  it("is refused when one of several is", () => {
    expect(readCapabilities([block(), mount()])).to.have.lengthOf(2);
    expect(thrownBy(() => readCapabilities([block(), mount({}, "MULTI_NODE_MULTI_WRITER")])).code).to.equal(
      "INVALID_ARGUMENT",
    );
  });
});

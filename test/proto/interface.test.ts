import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { linesOfFixture, linesOfProto } from "./interface-lines.ts";

const csiProto = readFileSync(join(import.meta.dirname, "../../proto/csi.proto"), "utf8");
const promised = new Set([...linesOfFixture("interface.txt"), ...linesOfFixture("retired-1.12.txt")]);

/** What a client would miss ("-") and what it would not know ("+"). */
function differences(source: string): string[] {
  const offered = linesOfProto(source);
  const missing = [...promised].filter((line) => !offered.has(line)).map((line) => `- ${line}`);
  const unknown = [...offered].filter((line) => !promised.has(line)).map((line) => `+ ${line}`);
  return [...missing, ...unknown].sort();
}

interface Damage {
  what: string;
  before: string;
  after: string;
  seen: string[];
}

const damages: Damage[] = [
  {
    what: "a changed field number",
    before: "int64 limit_bytes = 2;",
    after: "int64 limit_bytes = 3;",
    seen: [
      "+ message csi.v1.CapacityRange: 3 limit_bytes: int64",
      "- message csi.v1.CapacityRange: 2 limit_bytes: int64",
    ],
  },
  {
    what: "a changed field type",
    before: "int64 limit_bytes = 2;",
    after: "uint64 limit_bytes = 2;",
    seen: [
      "+ message csi.v1.CapacityRange: 2 limit_bytes: uint64",
      "- message csi.v1.CapacityRange: 2 limit_bytes: int64",
    ],
  },
  {
    what: "a field that is no longer repeated",
    before: "repeated string mount_flags = 2;",
    after: "string mount_flags = 2;",
    seen: [
      "+ message csi.v1.VolumeCapability.MountVolume: 2 mount_flags: string",
      "- message csi.v1.VolumeCapability.MountVolume: 2 mount_flags: repeated string",
    ],
  },
  {
    what: "a renamed oneof",
    before: "oneof access_type {",
    after: "oneof kind {",
    seen: [
      "+ message csi.v1.VolumeCapability: 1 block: csi.v1.VolumeCapability.BlockVolume (oneof kind)",
      "+ message csi.v1.VolumeCapability: 2 mount: csi.v1.VolumeCapability.MountVolume (oneof kind)",
      "- message csi.v1.VolumeCapability: 1 block: csi.v1.VolumeCapability.BlockVolume (oneof access_type)",
      "- message csi.v1.VolumeCapability: 2 mount: csi.v1.VolumeCapability.MountVolume (oneof access_type)",
    ],
  },
  {
    what: "a secret that lost its mark",
    before: "secrets = 6 [(csi_secret) = true, (alpha_field) = true];",
    after: "secrets = 6 [(alpha_field) = true];",
    seen: [
      "+ message csi.v1.NodeExpandVolumeRequest: 6 secrets: map<string, string> [alpha]",
      "- message csi.v1.NodeExpandVolumeRequest: 6 secrets: map<string, string> [alpha] [csi_secret]",
    ],
  },
  {
    what: "a missing enum value",
    before: "CLONE_VOLUME = 7;",
    after: "",
    seen: ["- enum csi.v1.ControllerServiceCapability.RPC.Type: CLONE_VOLUME = 7"],
  },
  {
    what: "an enum value that lost its alpha mark",
    before: "GET_STORAGE_HEALTH = 8 [(alpha_enum_value) = true];",
    after: "GET_STORAGE_HEALTH = 8;",
    seen: [
      "+ enum csi.v1.NodeServiceCapability.RPC.Type: GET_STORAGE_HEALTH = 8",
      "- enum csi.v1.NodeServiceCapability.RPC.Type: GET_STORAGE_HEALTH = 8 [alpha_enum_value]",
    ],
  },
  {
    what: "a missing retired enum value",
    before: "VOLUME_CONDITION = 4 [(alpha_enum_value) = true];",
    after: "",
    seen: ["- enum csi.v1.NodeServiceCapability.RPC.Type: VOLUME_CONDITION = 4 [alpha_enum_value]"],
  },
  {
    what: "a call that no longer streams",
    before: "returns (stream GetMetadataDeltaResponse)",
    after: "returns (GetMetadataDeltaResponse)",
    seen: [
      "+ service csi.v1.SnapshotMetadata: rpc GetMetadataDelta(csi.v1.GetMetadataDeltaRequest) returns (csi.v1.GetMetadataDeltaResponse)",
      "- service csi.v1.SnapshotMetadata: rpc GetMetadataDelta(csi.v1.GetMetadataDeltaRequest) returns (stream csi.v1.GetMetadataDeltaResponse)",
    ],
  },
  {
    what: "a service that lost its alpha mark",
    before: "option (alpha_service) = true;",
    after: "",
    seen: ["+ service csi.v1.SnapshotMetadata", "- service csi.v1.SnapshotMetadata [alpha]"],
  },
  {
    what: "a changed extension number",
    before: "bool csi_secret = 1059;",
    after: "bool csi_secret = 1058;",
    seen: [
      "+ extend google.protobuf.FieldOptions { csi_secret: bool = 1058 }",
      "- extend google.protobuf.FieldOptions { csi_secret: bool = 1059 }",
    ],
  },
  {
    what: "a message of our own",
    before: "message ProbeRequest {}",
    after: "message ProbeRequest {} message Extra { string name = 1; }",
    seen: ["+ message csi.v1.Extra", "+ message csi.v1.Extra: 1 name: string"],
  },
];

describe("proto/csi.proto", () => {
  it("offers CSI 1.13 and the retired 1.12 fields, no less and no more", () => {
    expect(differences(csiProto)).to.deep.equal([]);
  });

  for (const { what, before, after, seen } of damages) {
    it(`would be caught with ${what}`, () => {
      expect(csiProto.split(before), before).to.have.lengthOf(2);
      expect(differences(csiProto.replace(before, after))).to.deep.equal(seen);
    });
  }

  const mistakes: [what: string, before: string, after: string][] = [
    ["a syntax error", "message ProbeRequest {}", "message ProbeRequest {"],
    ["an unknown type", "Snapshot snapshot = 1;", "Snapsot snapshot = 1;"],
    ["a number used twice", "int64 limit_bytes = 2;", "int64 limit_bytes = 1;"],
    ["another syntax", 'syntax = "proto3";', 'syntax = "proto2";'],
    ["a missing import", 'import "google/protobuf/wrappers.proto";', ""],
  ];
  for (const [what, before, after] of mistakes) {
    it(`would be rejected with ${what}`, () => {
      expect(csiProto).to.include(before);
      expect(() => linesOfProto(csiProto.replace(before, after))).to.throw();
    });
  }
});

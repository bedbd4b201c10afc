import { loadPackageDefinition } from "@grpc/grpc-js";
import { fromJSON, type MessageTypeDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { expect } from "chai";
import type { ProtoGrpcType } from "../../src/csi/generated/csi.ts";
import descriptor from "../../src/csi/generated/descriptor.json" with { type: "json" };
import { linesOfFixture } from "./interface-lines.ts";

const definitions = fromJSON(descriptor as object, {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
});
const csi = (loadPackageDefinition(definitions) as unknown as ProtoGrpcType).csi.v1;

function overTheWire<Input extends object, Output extends object>(
  message: MessageTypeDefinition<Input, Output>,
  value: Input,
): Output {
  return message.deserialize(message.serialize(value));
}

/** Each call of the interface as its path, with "stream" behind those that answer with a stream. */
function promisedCalls(): string[] {
  const pattern = /^service (?<service>\S+): rpc (?<call>\w+)\(\S+\) returns \((?<stream>stream )?/;
  return [...linesOfFixture("interface.txt")].flatMap((line) => {
    const found = pattern.exec(line)?.groups;
    return found ? [`/${found["service"]}/${found["call"]}${found["stream"] ? " stream" : ""}`] : [];
  });
}

function definedCalls(): string[] {
  return Object.values(definitions)
    .filter((definition): definition is ServiceDefinition => !("format" in definition))
    .flatMap((service) => Object.values(service))
    .map(
      (call) => `${call.path}${call.requestStream ? " upload" : ""}${call.responseStream ? " stream" : ""}`,
    );
}

describe("the generated descriptor", () => {
  it("defines every call of the interfaces under its path", () => {
    expect(definedCalls()).to.include("/csi.v1.Controller/CreateVolume");
    expect(definedCalls()).to.include("/csi.v1.SnapshotMetadata/GetMetadataDelta stream");
    const kubelets = ["GetInfo", "NotifyRegistrationStatus"].map(
      (call) => `/pluginregistration.Registration/${call}`,
    );
    expect(definedCalls()).to.have.members([...promisedCalls(), ...kubelets]);
  });

  it("carries an int64 that a double cannot hold", () => {
    const range = overTheWire(csi.CapacityRange, { required_bytes: "9007199254740993" });
    expect(range).to.deep.equal({ required_bytes: "9007199254740993", limit_bytes: "0" });
  });

  it("carries a oneof, telling which member is present", () => {
    const capability = overTheWire(csi.VolumeCapability, {
      mount: { fs_type: "ext4" },
      access_mode: { mode: "SINGLE_NODE_WRITER" },
    });
    expect(capability).to.deep.equal({
      mount: { fs_type: "ext4", mount_flags: [], volume_mount_group: "" },
      access_type: "mount",
      access_mode: { mode: "SINGLE_NODE_WRITER" },
    });
  });

  it("writes fields as every other implementation does", () => {
    const fieldOneIs1FieldTwoIs300 = Buffer.from([0x08, 0x01, 0x10, 0xac, 0x02]);
    const bytes = csi.CapacityRange.serialize({ required_bytes: "1", limit_bytes: 300 });
    expect(bytes).to.deep.equal(fieldOneIs1FieldTwoIs300);
  });

  it("tells an absent wrapper from a false one", () => {
    expect(overTheWire(csi.ProbeResponse, {}).ready).to.equal(null);
    expect(overTheWire(csi.ProbeResponse, { ready: { value: false } }).ready).to.deep.equal({ value: false });
  });

  it("still says which fields are secret", () => {
    const { secrets } = descriptor.nested.csi.nested.v1.nested.NodeExpandVolumeRequest.fields;
    expect(secrets.options).to.deep.equal({ "(csi_secret)": true });
  });
});

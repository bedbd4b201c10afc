import type { ServiceDefinition } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import descriptor from "./generated/descriptor.json" with { type: "json" };

/** The services that this program can serve or call, and the package of each. */
const packages = {
  Identity: "csi.v1",
  Controller: "csi.v1",
  GroupController: "csi.v1",
  SnapshotMetadata: "csi.v1",
  Node: "csi.v1",
  Registration: "pluginregistration",
} as const;

export type ServiceName = keyof typeof packages;

const definitions = fromJSON(descriptor as Parameters<typeof fromJSON>[0], {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
});

/** gRPC's definition of a service. int64 fields are decimal text: kit/sizes makes bigint of them. */
export function serviceDefinition(name: ServiceName): ServiceDefinition {
  return definitions[`${packages[name]}.${name}`] as ServiceDefinition;
}

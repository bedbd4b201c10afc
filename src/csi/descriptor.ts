import type { ServiceDefinition } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import descriptor from "./generated/descriptor.json" with { type: "json" };

/** The services that this program can serve or call. */
export type ServiceName = "Identity" | "Controller" | "GroupController" | "SnapshotMetadata" | "Node";

const definitions = fromJSON(descriptor as Parameters<typeof fromJSON>[0], {
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
});

/** gRPC's definition of a CSI service. int64 fields are decimal text: kit/sizes makes bigint of them. */
export function serviceDefinition(name: ServiceName): ServiceDefinition {
  return definitions[`csi.v1.${name}`] as ServiceDefinition;
}

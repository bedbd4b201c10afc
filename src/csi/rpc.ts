import type { handleServerStreamingCall, handleUnaryCall } from "@grpc/grpc-js";
import type { ControllerHandlers } from "./generated/csi/v1/Controller.ts";
import type { GroupControllerHandlers } from "./generated/csi/v1/GroupController.ts";
import type { IdentityHandlers } from "./generated/csi/v1/Identity.ts";
import type { NodeHandlers } from "./generated/csi/v1/Node.ts";
import type { SnapshotMetadataHandlers } from "./generated/csi/v1/SnapshotMetadata.ts";
import type { RegistrationHandlers } from "./generated/pluginregistration/Registration.ts";
import type { StreamCall } from "./streaming.ts";

/** What a call brings along besides its request. */
export interface CsiCall {
  /** Ends when the caller hangs up or its deadline is near. */
  readonly signal: AbortSignal;
  readonly requestId: string;
  /** When the caller stops waiting, on the clock of performance.now(), in milliseconds. */
  readonly deadline: number;
}

type Rpc<Handler> =
  Handler extends handleUnaryCall<infer Request, infer Response>
    ? (request: Request, call: CsiCall) => Promise<Response>
    : never;

type Table<Handlers> = {
  readonly [Name in keyof Handlers as string extends Name ? never : number extends Name ? never : Name]: Rpc<
    Handlers[Name]
  >;
};

/** The RPCs of the Identity service by name. */
export type IdentityRpcs = Table<IdentityHandlers>;
/** The RPCs of the Controller service by name. */
export type ControllerRpcs = Table<ControllerHandlers>;
/** The RPCs of the GroupController service by name. */
export type GroupControllerRpcs = Table<GroupControllerHandlers>;
/** The RPCs of the Node service by name. */
export type NodeRpcs = Table<NodeHandlers>;
/** The RPCs of kubelet's Registration service by name. */
export type RegistrationRpcs = Table<RegistrationHandlers>;

type StreamRpc<Handler> =
  Handler extends handleServerStreamingCall<infer Request, infer Response>
    ? (request: Request, call: StreamCall) => AsyncIterable<Response>
    : never;

/** The RPCs of the SnapshotMetadata service by name; each answers in parts. */
export interface SnapshotMetadataRpcs {
  readonly GetMetadataAllocated: StreamRpc<SnapshotMetadataHandlers["GetMetadataAllocated"]>;
  readonly GetMetadataDelta: StreamRpc<SnapshotMetadataHandlers["GetMetadataDelta"]>;
}

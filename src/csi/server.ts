import { rm } from "node:fs/promises";
import {
  Server,
  ServerCredentials,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { StatusError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { serviceDefinition } from "./descriptor.ts";
import { clearSocket, socketPath } from "./endpoint.ts";
import type {
  ControllerRpcs,
  GroupControllerRpcs,
  IdentityRpcs,
  NodeRpcs,
  SnapshotMetadataRpcs,
} from "./rpc.ts";
import { streaming } from "./streaming.ts";
import { unary } from "./unary.ts";

/** What one socket serves. An RPC that a table leaves out answers UNIMPLEMENTED. */
export interface CsiServices {
  readonly Identity: IdentityRpcs;
  readonly Controller?: Partial<ControllerRpcs>;
  readonly GroupController?: Partial<GroupControllerRpcs>;
  readonly SnapshotMetadata?: SnapshotMetadataRpcs;
  readonly Node?: Partial<NodeRpcs>;
}

export interface RunningCsiServer {
  readonly socket: string;
  /** Ends running calls, or cuts them off after a while, and removes the socket. */
  close(): Promise<void>;
}

/** How long running calls may go on once the server is told to stop, in milliseconds. */
const DRAIN_MS = 10_000;

/** Serves CSI on a Unix socket. */
export async function serveCsi(
  endpoint: string,
  services: CsiServices,
  metrics: Metrics,
  log: Log,
): Promise<RunningCsiServer> {
  const socket = socketPath(endpoint);
  await clearSocket(socket);
  const server = new Server();
  for (const name of ["Identity", "Controller", "GroupController", "Node"] as const) {
    const rpcs = services[name];
    if (rpcs !== undefined)
      server.addService(serviceDefinition(name), implementation(rpcs, unary, metrics, log));
  }
  if (services.SnapshotMetadata !== undefined) {
    const streams = implementation(services.SnapshotMetadata, streaming, metrics, log);
    server.addService(serviceDefinition("SnapshotMetadata"), streams);
  }
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(new StatusError("UNAVAILABLE", `can't listen on ${socket}: ${error.message}`, error));
    });
  });
  return {
    socket,
    close: async () => {
      await drain(server);
      await rm(socket, { force: true });
    },
  };
}

function implementation(
  rpcs: object,
  serve: (method: string, handler: never, metrics: Metrics, log: Log) => UntypedHandleCall,
  metrics: Metrics,
  log: Log,
): UntypedServiceImplementation {
  return Object.fromEntries(
    Object.entries(rpcs).map(([method, handler]) => [method, serve(method, handler as never, metrics, log)]),
  );
}

function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, DRAIN_MS);
    server.tryShutdown(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}

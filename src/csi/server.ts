import { Server, type UntypedHandleCall, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { StatusError } from "../kit/errors.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { serviceDefinition, type ServiceName } from "./descriptor.ts";
import { clearSocket, socketPath } from "./endpoint.ts";
import { listenerHere, type Listening, type SocketListener } from "./listeners/socket-listener.ts";
import type {
  ControllerRpcs,
  GroupControllerRpcs,
  IdentityRpcs,
  NodeRpcs,
  RegistrationRpcs,
  SnapshotMetadataRpcs,
} from "./rpc.ts";
import { streaming } from "./streaming.ts";
import { unary } from "./unary.ts";

/** What a driver's socket serves. An RPC that a table leaves out answers UNIMPLEMENTED. */
export interface CsiServices {
  readonly Identity: IdentityRpcs;
  readonly Controller?: Partial<ControllerRpcs>;
  readonly GroupController?: Partial<GroupControllerRpcs>;
  readonly SnapshotMetadata?: SnapshotMetadataRpcs;
  readonly Node?: Partial<NodeRpcs>;
}

/** What a socket serves on which kubelet asks who is there. */
export interface RegistrationServices {
  readonly Registration: RegistrationRpcs;
}

export interface RunningServer {
  readonly socket: string;
  /** Whether the socket can still be found. */
  isThere(): Promise<boolean>;
  /** Ends running calls, or cuts them off after a while, and removes the socket. */
  close(): Promise<void>;
}

/** How long running calls may go on once the server is told to stop, in milliseconds. */
const DRAIN_MS = 10_000;

/** Serves gRPC on a Unix socket. */
export async function serveSocket(
  endpoint: string,
  services: CsiServices | RegistrationServices,
  metrics: Metrics,
  log: Log,
  listener: SocketListener = listenerHere(),
): Promise<RunningServer> {
  const socket = socketPath(endpoint);
  await clearSocket(socket, listener);
  // Its counters of each call are for a service of its own, which is not served here.
  const server = new Server({ "grpc.enable_channelz": 0 });
  for (const [name, rpcs] of Object.entries(services) as [ServiceName, object][]) {
    const kind = name === "SnapshotMetadata" ? streaming : unary;
    server.addService(serviceDefinition(name), implementation(rpcs, kind, metrics, log));
  }
  const listening = await listen(listener, server, socket, log);
  return {
    socket,
    isThere: async () => (await listener.whatIsAt(socket)) !== "nothing",
    close: async () => {
      listening.stop();
      await drain(server, listening);
      await listening.close();
    },
  };
}

async function listen(
  listener: SocketListener,
  server: Server,
  socket: string,
  log: Log,
): Promise<Listening> {
  try {
    return await listener.listen(server, socket, log);
  } catch (error) {
    const { message } = StatusError.from(error);
    throw new StatusError("UNAVAILABLE", `can't listen on ${socket}: ${message}`, error);
  }
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

async function drain(server: Server, listening: Listening): Promise<void> {
  const cut = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    server.forceShutdown();
    cut.resolve(undefined);
  }, DRAIN_MS);
  const shutDown = new Promise((resolve) => {
    server.tryShutdown(resolve);
  });
  await Promise.race([shutDown.then(() => listening.ended()), cut.promise]);
  clearTimeout(timer);
}

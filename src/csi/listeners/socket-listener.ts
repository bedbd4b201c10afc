import type { Server } from "@grpc/grpc-js";
import type { Log } from "../../kit/log.ts";
import { nativeLibraries } from "../../kit/native.ts";
import type { Occupant } from "../../kit/native-socket/what-is-at.ts";
import { isWindows, thisPlatform } from "../../kit/platform.ts";
import { builtInListener } from "./built-in-listener.ts";
import { carriedListener } from "./carried-listener.ts";

/** How a gRPC server comes to a Unix socket, and what is there before. */
export interface SocketListener {
  readonly whatIsAt: (path: string) => Promise<Occupant>;
  /** Whether a process listens on a socket. */
  readonly isServed: (path: string) => Promise<boolean>;
  /** Lets a server answer on a path that nothing has. */
  readonly listen: (server: Server, path: string, log: Log) => Promise<Listening>;
}

export interface Listening {
  /** Nobody connects any more. */
  stop(): void;
  /** When the server was shut down: resolves once its answers are sent and all connections are closed. */
  ended(): Promise<void>;
  /** What is left of connections is cut, and the socket is gone. */
  close(): Promise<void>;
}

/**
 * What Node has where that is Unix sockets, else what this program carries. Commands and tests may pass another one to
 * `serveSocket`.
 * @throws StatusError FAILED_PRECONDITION where this needs a library that is missing
 */
export function listenerHere(platform: NodeJS.Platform = thisPlatform): SocketListener {
  return isWindows(platform) ? carriedListener(platform, nativeLibraries()) : builtInListener;
}

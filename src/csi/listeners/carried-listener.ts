import type { Duplex } from "node:stream";
import { ServerCredentials } from "@grpc/grpc-js";
import { StatusError } from "../../kit/errors.ts";
import type { Native } from "../../kit/native.ts";
import { isServed } from "../../kit/native-socket/is-served.ts";
import { listenOn } from "../../kit/native-socket/listener.ts";
import { socketCalls } from "../../kit/native-socket/socket-calls.ts";
import { linuxSockets, windowsSockets } from "../../kit/native-socket/system.ts";
import { whatIsAt } from "../../kit/native-socket/what-is-at.ts";
import { windowsWhatIsAt } from "../../kit/native-socket/windows-file.ts";
import { isWindows } from "../../kit/platform.ts";
import type { SocketListener } from "./socket-listener.ts";

/**
 * Unix sockets made by calls of the system, for Windows, where Node can't listen on one; the same code on Linux.
 * @throws StatusError FAILED_PRECONDITION when koffi is missing
 */
export function carriedListener(platform: NodeJS.Platform, native: Native | undefined): SocketListener {
  if (native === undefined) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      "the library koffi, without which there are no Unix sockets here, is missing: " +
        "install it beside the program (npm install koffi), or take the image or archive that has it",
    );
  }
  const system = isWindows(platform) ? windowsSockets : linuxSockets;
  const calls = socketCalls(native, system);
  return {
    whatIsAt: isWindows(platform) ? windowsWhatIsAt(native) : whatIsAt,
    isServed: (path) => isServed(calls, path),
    listen: (server, path, log) => {
      const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
      const connections = new Set<Duplex>();
      const connected = (connection: Duplex) => {
        connections.add(connection);
        connection.once("close", () => connections.delete(connection));
        injector.injectConnection(connection);
      };
      const listener = listenOn(calls, system, path, connected, (error) => {
        log.warn({ err: error, socket: path }, "a connection could not be accepted: it is tried again");
      });
      return Promise.resolve({
        stop: () => {
          listener.close();
        },
        ended: async () => {
          await Promise.all(
            [...connections].map((connection) => new Promise((resolve) => connection.once("close", resolve))),
          );
        },
        close: () => {
          for (const connection of connections) connection.destroy();
          return Promise.resolve();
        },
      });
    },
  };
}

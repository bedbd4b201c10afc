import { rm } from "node:fs/promises";
import { connect } from "node:net";
import { ServerCredentials } from "@grpc/grpc-js";
import { hasErrno } from "../../kit/errors.ts";
import { whatIsAt } from "../../kit/native-socket/what-is-at.ts";
import type { SocketListener } from "./socket-listener.ts";

/** Node's own Unix sockets, which it has everywhere but on Windows. */
export const builtInListener: SocketListener = {
  whatIsAt,
  isServed: (path) =>
    new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", (error) => {
        // A full backlog (EAGAIN) has a listener behind it; anything unforeseen is not taken for a dead socket.
        if (hasErrno(error, "ECONNREFUSED", "ENOENT")) resolve(false);
        else if (hasErrno(error, "EAGAIN")) resolve(true);
        else reject(error);
      });
    }),
  listen: async (server, path) => {
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(`unix://${path}`, ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    return {
      // The server listens itself: its shutdown does all of that.
      stop: () => undefined,
      ended: () => Promise.resolve(),
      close: () => rm(path, { force: true }),
    };
  },
};

import type { FastifyInstance } from "fastify";

const LOOK_MS = 50;

/**
 * Lets a server that is closed end the requests that are at work, and no more: a connection on which nobody asks
 * anything would hold it for ever, since Node no longer looks after those then.
 */
export function drainOnClose(server: FastifyInstance): void {
  const listener = server.server;
  let running = 0;
  listener.on("request", (_request, response) => {
    running++;
    response.once("close", () => {
      running--;
    });
  });
  server.addHook("preClose", (done) => {
    const look = setInterval(() => {
      if (running === 0) listener.closeAllConnections();
    }, LOOK_MS);
    listener.once("close", () => {
      clearInterval(look);
    });
    done();
  });
}

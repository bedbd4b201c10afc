import { chmodSync, unlinkSync } from "node:fs";
import type { Duplex } from "node:stream";
import { hasErrno, isNotFound } from "../errors.ts";
import { connectionOver } from "./connection.ts";
import type { SocketCalls } from "./socket-calls.ts";
import type { SocketSystem } from "./system.ts";

/** A socket on which others connect. */
export interface NativeListener {
  /** Nobody connects any more and the socket's file is gone. Connections stay. */
  close(): void;
}

/** How long nobody is accepted after it has failed, as when too many files are open, in milliseconds. */
const PAUSE_MS = 100;

/**
 * Listens on a path that nothing has.
 * @param trouble is told when somebody could not be accepted; it is tried again
 * @throws NodeJS.ErrnoException EADDRINUSE, EACCES, ENOENT
 */
export function listenOn(
  calls: SocketCalls,
  { fileMode }: SocketSystem,
  path: string,
  connected: (connection: Duplex) => void,
  trouble: (error: Error) => void,
): NativeListener {
  const handle = calls.open();
  let isBound = false;
  try {
    calls.bind(handle, path);
    isBound = true;
    // Nobody can connect before `listen`.
    if (fileMode !== undefined) chmodSync(path, fileMode);
    calls.listen(handle);
  } catch (error) {
    calls.close(handle);
    if (isBound) removeSocket(path);
    throw error;
  }
  let paused: NodeJS.Timeout | undefined;
  let isClosed = false;
  const watch = calls.watch(handle, () => {
    try {
      acceptAll();
    } catch (error) {
      // Who waits would wake this at once, again and again.
      watch.want({ readable: false, writable: false });
      paused = setTimeout(wait, PAUSE_MS);
      trouble(error as Error);
    }
  });

  function wait(): void {
    watch.want({ readable: true, writable: false });
  }

  function acceptAll(): void {
    while (!isClosed) {
      const accepted = acceptOne();
      if (accepted === undefined) return;
      if (accepted !== "gone") connected(connectionOver(calls, accepted));
    }
  }

  function acceptOne(): number | "gone" | undefined {
    try {
      return calls.accept(handle);
    } catch (error) {
      if (hasErrno(error, "ECONNABORTED", "ECONNRESET")) return "gone";
      throw error;
    }
  }

  wait();
  return {
    close: () => {
      if (isClosed) return;
      isClosed = true;
      clearTimeout(paused);
      watch.close();
      calls.close(handle);
      removeSocket(path);
    },
  };
}

/** `rm` of node:fs would ask Windows for the status of the file, which it does not tell of sockets. */
function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

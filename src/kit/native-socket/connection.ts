import { Duplex } from "node:stream";
import { hasErrno } from "../errors.ts";
import type { SocketCalls } from "./socket-calls.ts";

/** How often one connection may take bytes before others have their turn. */
const ROUNDS = 16;

interface Rest {
  readonly bytes: Buffer;
  readonly done: (error?: Error | null) => void;
}

/**
 * A stream over a connected socket, which it owns. Bytes are taken from the system only while the reader has room for
 * them; either side may end its half first. A peer that has gone is an error of the stream.
 */
export function connectionOver(calls: SocketCalls, handle: number): Duplex {
  let isReading = false;
  let rest: Rest | undefined;
  const watch = calls.watch(handle, () => {
    try {
      if (isReading) receive();
      if (rest !== undefined && !duplex.destroyed) sendRest();
    } catch (error) {
      duplex.destroy(error as Error);
    }
    showInterest();
  });

  function showInterest(): void {
    watch.want({ readable: isReading, writable: rest !== undefined });
  }

  function receive(): void {
    for (let round = 0; round < ROUNDS && isReading && !duplex.destroyed; round++) {
      const bytes = calls.receive(handle);
      if (bytes === undefined) return;
      // The reader may ask for more within `push`.
      isReading = false;
      if (bytes.length === 0) duplex.push(null);
      else if (duplex.push(bytes)) isReading = true;
    }
  }

  /** @throws NodeJS.ErrnoException when the peer has gone */
  function sendRest(): void {
    while (rest !== undefined) {
      const { bytes, done } = rest;
      const left = bytes.subarray(calls.send(handle, bytes));
      rest = left.length === 0 ? undefined : { bytes: left, done };
      if (rest === undefined) done();
      else if (left.length === bytes.length) return;
    }
  }

  function send(bytes: Buffer, done: Rest["done"]): void {
    rest = { bytes, done };
    try {
      sendRest();
    } catch (error) {
      rest = undefined;
      done(error as Error);
    }
    showInterest();
  }

  const duplex = new Duplex({
    read: () => {
      isReading = true;
      showInterest();
    },
    write: (bytes: Buffer, _encoding, done) => {
      send(bytes, done);
    },
    writev: (chunks, done) => {
      send(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done);
    },
    final: (done) => {
      try {
        calls.endSending(handle);
        done();
      } catch (error) {
        // The peer was faster.
        done(hasErrno(error, "ENOTCONN") ? null : (error as Error));
      }
    },
    destroy: (error, done) => {
      isReading = false;
      const unsent = rest;
      rest = undefined;
      watch.close();
      calls.close(handle);
      unsent?.done(error ?? new Error("the connection was closed"));
      done(error);
    },
  });
  return duplex;
}

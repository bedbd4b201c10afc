import type { Native } from "../native.ts";
import { socketAddress } from "./socket-address.ts";
import type { SocketFunction, SocketSystem } from "./system.ts";
import { watchSocket, type SocketWatch } from "./socket-watch.ts";

/** The calls of a system's sockets. None of them waits. Those that fail throw a NodeJS.ErrnoException. */
export interface SocketCalls {
  /** A new Unix socket. */
  open(): number;
  bind(handle: number, path: string): void;
  listen(handle: number): void;
  /** The next who has connected; undefined when nobody waits. */
  accept(handle: number): number | undefined;
  connect(handle: number, path: string): "connected" | "refused" | "pending";
  /** What became of a pending connection. */
  outcome(handle: number): "connected" | "refused";
  /** Bytes of the caller's own, none at the end; undefined when none have come yet. */
  receive(handle: number): Buffer | undefined;
  /** How many bytes were taken. */
  send(handle: number, bytes: Buffer): number;
  /** Nothing more is sent; the other side may still send. */
  endSending(handle: number): void;
  close(handle: number): void;
  watch(handle: number, ready: () => void): SocketWatch;
}

/** How many may wait to be accepted, as Node has it. */
const BACKLOG = 511;
const NO_UNIX_SOCKETS =
  ": this system has no Unix sockets; Windows has them since Server 2019 and Windows 10 1803";
/** Bytes taken at once. */
const CHUNK = 65_536;

/** @throws Error when the system's library lacks a call */
export function socketCalls(native: Native, system: SocketSystem): SocketCalls {
  const { constants, errors, keepFromChildren } = system;
  const library = native.load(system.library);
  const bound = Object.fromEntries(
    Object.entries(system.functions).map(([name, declaration]) => [name, library.func(declaration)]),
  ) as unknown as Readonly<Record<SocketFunction, (...args: unknown[]) => number>>;
  const askLastError = system.lastError === undefined ? undefined : library.func(system.lastError);
  const keep = native.load(keepFromChildren.library).func(keepFromChildren.declaration);
  const room = Buffer.alloc(CHUNK);

  const lastError = (): string => {
    const number = askLastError === undefined ? native.errno() : (askLastError() as number);
    return errors[number] ?? `error ${number}`;
  };
  const failure = (syscall: string, code: string): NodeJS.ErrnoException => {
    const hint = code === "EAFNOSUPPORT" ? NO_UNIX_SOCKETS : "";
    return Object.assign(new Error(`${syscall}: ${code}${hint}`), { code, syscall });
  };
  const must = (result: number, syscall: string): number => {
    if (result < 0) throw failure(syscall, lastError());
    return result;
  };
  /** The result, or undefined when the call was early. Interrupted calls are made again. */
  const unlessEarly = (call: () => number, syscall: string): number | undefined => {
    for (;;) {
      const result = call();
      if (result >= 0) return result;
      const code = lastError();
      if (code === "EAGAIN") return undefined;
      if (code !== "EINTR") throw failure(syscall, code);
    }
  };
  const refusedOr = (code: string): "refused" => {
    if (code === "ECONNREFUSED" || code === "ENOENT") return "refused";
    throw failure("connect", code);
  };
  /** Neither waits nor is inherited. */
  const own = (handle: number): number => {
    try {
      const yes = Buffer.from([1, 0, 0, 0]);
      must(bound.control(handle, constants.FIONBIO, yes), "control");
      if (keep(handle, ...keepFromChildren.rest) === keepFromChildren.failure)
        throw failure("keepFromChildren", lastError());
    } catch (error) {
      bound.close(handle);
      throw error;
    }
    return handle;
  };

  return {
    open: () => own(must(bound.socket(constants.AF_UNIX, constants.SOCK_STREAM, 0), "socket")),
    bind: (handle, path) => {
      const address = socketAddress(constants.AF_UNIX, path);
      must(bound.bind(handle, address, address.length), "bind");
    },
    listen: (handle) => {
      must(bound.listen(handle, BACKLOG), "listen");
    },
    accept: (handle) => {
      const accepted = unlessEarly(() => bound.accept(handle, null, null), "accept");
      return accepted === undefined ? undefined : own(accepted);
    },
    connect: (handle, path) => {
      const address = socketAddress(constants.AF_UNIX, path);
      if (bound.connect(handle, address, address.length) === 0) return "connected";
      const code = lastError();
      // Linux says EAGAIN when too many wait to be accepted, Windows when it will know later.
      return code === "EAGAIN" || code === "EINPROGRESS" ? "pending" : refusedOr(code);
    },
    outcome: (handle) => {
      const [error, length] = [Buffer.alloc(4), Buffer.from([4, 0, 0, 0])];
      must(bound.getsockopt(handle, constants.SOL_SOCKET, constants.SO_ERROR, error, length), "getsockopt");
      const number = error.readInt32LE();
      return number === 0 ? "connected" : refusedOr(errors[number] ?? `error ${number}`);
    },
    receive: (handle) => {
      const length = unlessEarly(() => bound.recv(handle, room, CHUNK, 0), "recv");
      return length === undefined ? undefined : Buffer.from(room.subarray(0, length));
    },
    send: (handle, bytes) =>
      unlessEarly(() => bound.send(handle, bytes, bytes.length, constants.MSG_NOSIGNAL), "send") ?? 0,
    endSending: (handle) => {
      must(bound.shutdown(handle, constants.SHUT_WR), "shutdown");
    },
    close: (handle) => {
      bound.close(handle);
    },
    watch: (handle, ready) => watchSocket(native, handle, ready),
  };
}

import { createHash } from "node:crypto";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { pipeline, type Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { listenOn } from "../../../src/kit/native-socket/listener.ts";
import { socketCalls } from "../../../src/kit/native-socket/socket-calls.ts";
import { linuxSockets } from "../../../src/kit/native-socket/system.ts";
import { nativeLibraries } from "../../../src/kit/native.ts";
import { until } from "../../support/until.ts";

const native = nativeLibraries();
if (native === undefined) throw new Error("koffi is not installed");

export const MIB = 2 ** 20;
export const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
/** Bytes that no two senders share. */
export const noise = (seed: number, length: number) =>
  Buffer.alloc(length, digest(Buffer.from(String(seed))));

/** The calls for Windows over those of Linux. */
export const calls = socketCalls(native, linuxSockets);

/** Listens for the time of `work`; then every connection that it accepted is destroyed. */
export async function listening<T>(
  path: string,
  connected: (connection: Duplex) => void,
  work: (accepted: readonly Duplex[]) => Promise<T>,
  trouble: (error: Error) => void = (error) => {
    throw error;
  },
): Promise<T> {
  const accepted: Duplex[] = [];
  const listener = listenOn(
    calls,
    linuxSockets,
    path,
    (connection) => {
      accepted.push(connection);
      connection.on("error", () => undefined);
      connected(connection);
    },
    trouble,
  );
  try {
    return await work(accepted);
  } finally {
    listener.close();
    for (const connection of accepted) connection.destroy();
  }
}

/** Node's own client. */
export async function dial(path: string): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

/** Sends back all that comes, and ends when the other side does. */
export function echo(connection: Duplex): void {
  pipeline(connection, connection, () => undefined);
}

/** All that comes until the other side ends. */
export async function answerOf(socket: Socket): Promise<Buffer> {
  return await buffer(socket);
}

/** For a `describe`: after each of its tests as many descriptors are open as before. */
export function leavesNoDescriptor(): void {
  const openFiles = async () => (await readdir("/proc/self/fd")).length;
  let before = 0;
  beforeEach(async () => {
    before = await openFiles();
  });
  afterEach(() => until(async () => (await openFiles()) <= before, "no descriptor is left"));
}

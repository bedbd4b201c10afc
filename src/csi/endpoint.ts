import { mkdir, unlink } from "node:fs/promises";
import path from "node:path";
import { StatusError } from "../kit/errors.ts";
import { requireSocketPath } from "../kit/native-socket/socket-address.ts";
import type { SocketListener } from "./listeners/socket-listener.ts";

/**
 * The path in `unix:///run/csi.sock`, `unix:/run/csi.sock` or `/run/csi.sock`; on Windows in `unix:///C:/csi.sock`,
 * `unix://C:\\csi.sock` or `C:\\csi.sock`, too.
 */
export function socketPath(endpoint: string, rules: Pick<path.PlatformPath, "isAbsolute"> = path): string {
  const socket = endpoint.replace(/^unix:(\/\/)?/, "").replace(/^\/(?=[A-Za-z]:[\\/])/, "");
  if (!rules.isAbsolute(socket)) {
    throw new StatusError("INVALID_ARGUMENT", `endpoint ${endpoint} is not unix:// and an absolute path`);
  }
  requireSocketPath(socket);
  return socket;
}

/** Makes room for a socket: a dead one is removed, a live one or any other file is refused. */
export async function clearSocket(
  socket: string,
  { whatIsAt, isServed }: Pick<SocketListener, "whatIsAt" | "isServed">,
): Promise<void> {
  await mkdir(path.dirname(socket), { recursive: true });
  const occupant = await whatIsAt(socket);
  if (occupant === "nothing") return;
  if (occupant !== "socket") {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${socket} exists and is not a socket: remove it, or name another endpoint`,
    );
  }
  if (await isServed(socket)) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `another process serves ${socket}: stop it first, or name another endpoint`,
    );
  }
  await unlink(socket);
}

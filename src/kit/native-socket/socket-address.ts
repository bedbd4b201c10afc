import { StatusError } from "../errors.ts";

/** `sun_path` of <sys/un.h> and <afunix.h>, which ends with a zero byte. */
const PATH_ROOM = 108;

/** Longest path of a Unix socket, in bytes. */
export const LONGEST_SOCKET_PATH = PATH_ROOM - 1;

/**
 * A `struct sockaddr_un`: the family in two bytes, then the path in UTF-8; the same on Linux and Windows.
 * @throws StatusError INVALID_ARGUMENT for a path that it can't hold
 */
export function socketAddress(family: number, path: string): Buffer {
  requireSocketPath(path);
  const address = Buffer.alloc(2 + PATH_ROOM);
  address.writeUInt16LE(family, 0);
  address.write(path, 2, "utf8");
  return address;
}

/** @throws StatusError INVALID_ARGUMENT for a path that no Unix socket can have */
export function requireSocketPath(path: string): void {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `socket path ${path} is longer than ${LONGEST_SOCKET_PATH} bytes: no Unix socket can have it`,
    );
  }
  if (path === "" || path.includes("\0")) {
    throw new StatusError("INVALID_ARGUMENT", `${JSON.stringify(path)} is no path of a Unix socket`);
  }
}

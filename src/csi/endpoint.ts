import { lstat, mkdir, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { dirname, isAbsolute } from "node:path";
import { hasErrno, isNotFound, StatusError } from "../kit/errors.ts";

/** Longest path of a Unix socket on Linux, in bytes. */
const LONGEST_PATH = 107;

/** The path in `unix:///run/csi.sock`, `unix:/run/csi.sock` or `/run/csi.sock`. */
export function socketPath(endpoint: string): string {
  const path = endpoint.replace(/^unix:(\/\/)?/, "");
  if (!isAbsolute(path)) {
    throw new StatusError("INVALID_ARGUMENT", `endpoint ${endpoint} is not unix:// and an absolute path`);
  }
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new StatusError("INVALID_ARGUMENT", `socket path ${path} is longer than ${LONGEST_PATH} bytes`);
  }
  return path;
}

/** Makes room for a socket: a dead one is removed, a live one or any other file is refused. */
export async function clearSocket(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    if (!(await lstat(path)).isSocket()) {
      throw new StatusError(
        "FAILED_PRECONDITION",
        `${path} exists and is not a socket: remove it, or name another endpoint`,
      );
    }
  } catch (error) {
    if (isNotFound(error)) return;
    throw error;
  }
  if (await answers(path)) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `another process serves ${path}: stop it first, or name another endpoint`,
    );
  }
  await unlink(path);
}

/** True when a process listens on the socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
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
  });
}

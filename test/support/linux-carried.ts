import { carriedListener } from "../../src/csi/listeners/carried-listener.ts";
import type { SocketListener } from "../../src/csi/listeners/socket-listener.ts";
import { nativeLibraries } from "../../src/kit/native.ts";

/** The listener for Windows over the calls of Linux: the same code. */
export function linuxCarried(): SocketListener {
  return carriedListener("linux", nativeLibraries());
}

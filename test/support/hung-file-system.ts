import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { hasErrno } from "../../src/kit/errors.ts";

/** Request numbers of the FUSE protocol, include/uapi/linux/fuse.h. */
const INIT = 26;

/** A file system that answers nothing but its own start: who asks it anything hangs in the kernel. */
export interface HungFileSystem {
  /** Lets go of everyone who hangs. The mount stays, dead. */
  release(): void;
}

/** Mounts one, with no program but this process behind it. */
export async function mountHung(path: string): Promise<HungFileSystem> {
  await mkdir(path, { recursive: true });
  const device = openSync("/dev/fuse", constants.O_RDWR | constants.O_NONBLOCK);
  const options = "fd=3,rootmode=40000,user_id=0,group_id=0";
  const child = spawn("mount", ["-i", "-t", "fuse", "-o", options, "hung", path], {
    stdio: ["ignore", "inherit", "inherit", device],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`mount exited with ${code}`);
  const answering = answer(device);
  return {
    release: () => {
      clearInterval(answering);
      closeSync(device);
    },
  };
}

/** Until what it returns is cleared, it answers INIT, takes every other request and keeps it. */
function answer(device: number): NodeJS.Timeout {
  const request = Buffer.alloc(1 << 18);
  // No read waits: one that did would go on with whatever file gets this descriptor's number next.
  return setInterval(() => {
    try {
      readSync(device, request);
    } catch (error) {
      // ENODEV: it was unmounted.
      if (hasErrno(error, "EAGAIN") || hasErrno(error, "ENODEV")) return;
      throw error;
    }
    if (request.readUInt32LE(4) !== INIT) return;
    const reply = Buffer.alloc(16 + 64);
    reply.writeUInt32LE(reply.length, 0);
    reply.writeBigUInt64LE(request.readBigUInt64LE(8), 8);
    reply.writeUInt32LE(7, 16);
    reply.writeUInt32LE(31, 20);
    reply.writeUInt32LE(4096, 36);
    writeSync(device, reply);
  }, 2);
}

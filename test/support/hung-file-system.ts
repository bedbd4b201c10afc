import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, read, writeSync } from "node:fs";
import { mkdir } from "node:fs/promises";

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
  const device = openSync("/dev/fuse", "r+");
  const options = "fd=3,rootmode=40000,user_id=0,group_id=0";
  const child = spawn("mount", ["-i", "-t", "fuse", "-o", options, "hung", path], {
    stdio: ["ignore", "inherit", "inherit", device],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`mount exited with ${code}`);
  answer(device);
  return {
    release: () => {
      closeSync(device);
    },
  };
}

/** Answers INIT, takes every other request and keeps it. */
function answer(device: number): void {
  const request = Buffer.alloc(1 << 18);
  read(device, request, 0, request.length, null, (error) => {
    // ENODEV: it was unmounted; EBADF: it was released.
    if (error !== null) return;
    if (request.readUInt32LE(4) === INIT) {
      const reply = Buffer.alloc(16 + 64);
      reply.writeUInt32LE(reply.length, 0);
      reply.writeBigUInt64LE(request.readBigUInt64LE(8), 8);
      reply.writeUInt32LE(7, 16);
      reply.writeUInt32LE(31, 20);
      reply.writeUInt32LE(4096, 36);
      writeSync(device, reply);
    }
    answer(device);
  });
}

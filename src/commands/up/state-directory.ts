import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { thisMachineId } from "../../agent/hosts/local/vms.ts";
import { parseNodeId } from "../../csi/handle.ts";
import { StatusError } from "../../kit/errors.ts";
import { ifThere } from "../../kit/if-there.ts";
import { lockFile, type FileLock } from "../../kit/file-lock.ts";

/** Where `up` keeps everything. */
export interface StateDirectory {
  readonly path: string;
  readonly pool: string;
  readonly apiKeyFile: string;
  readonly csiSocket: string;
  /** Staging and target paths of the show, and the name of its volume. */
  readonly show: string;
  readonly showJournal: string;
  /** Tells programs where this `up` is; there while it serves. */
  readonly addressFile: string;
  readonly lock: FileLock;
}

/** Makes and locks the directory. @throws StatusError FAILED_PRECONDITION naming who has it */
export async function openStateDirectory(directory: string, owner: string): Promise<StateDirectory> {
  const path = resolve(directory);
  await mkdir(path, { recursive: true, mode: 0o755 });
  const lock = await lockFile(join(path, "up.lock"), `state directory ${path}`, owner);
  // A predecessor that was killed could not.
  await rm(join(path, "up.json"), { force: true });
  return {
    path,
    pool: join(path, "pool"),
    apiKeyFile: join(path, "api.key"),
    csiSocket: join(path, "csi.sock"),
    show: join(path, "show"),
    showJournal: join(path, "show.json"),
    addressFile: join(path, "up.json"),
    lock,
  };
}

/** This machine's id as a VM: remembered, because nodes are known by it for ever. */
export async function readOrMakeVmId(state: StateDirectory): Promise<string> {
  const path = join(state.path, "vm-id");
  const text = await ifThere(readFile(path, "utf8"));
  if (text === undefined) {
    const made = await thisMachineId().catch(() => randomUUID());
    await writeFile(path, `${made}\n`, { flag: "wx" });
    return made;
  }
  const id = parseNodeId(text.trim());
  if (id !== undefined) return id;
  throw new StatusError("FAILED_PRECONDITION", `${path} does not hold a VM id (a GUID)`);
}

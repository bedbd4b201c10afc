import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { StatusError } from "../../../kit/errors.ts";
import { isFlocked } from "../../../kit/flock.ts";
import type { Vm, VmState } from "../host.ts";

/** A VM that the agent was told of. */
export interface DeclaredVm {
  readonly id: string;
  readonly name: string;
  /** Locked, by flock(2), for as long as a process of the VM lives; undefined for one that always runs. */
  readonly lockFile: string | undefined;
}

/** The VM that stands for this machine itself. */
export async function thisMachine(): Promise<DeclaredVm> {
  return declaredVm(await thisMachineId(), hostname());
}

export function declaredVm(id: string, name: string, lockFile?: string): DeclaredVm {
  return { id, name, lockFile };
}

/** As it is now. */
export async function lookAt({ id, name, lockFile }: DeclaredVm): Promise<Vm> {
  return { id, name, state: await stateOf(lockFile), generation: 0, path: "" };
}

/** The kernel lets a lock go with the last process that has it, however that ends. Without the file nothing is known. */
async function stateOf(lockFile: string | undefined): Promise<VmState> {
  if (lockFile === undefined) return "running";
  try {
    return (await isFlocked(lockFile)) ? "running" : "off";
  } catch {
    return "other";
  }
}

/**
 * An id for this machine that stays, as machine-id(5) advises: a hash of it under our name, never the id itself,
 * in the form of a v4 GUID.
 */
export async function thisMachineId(machineIdFile = "/etc/machine-id"): Promise<string> {
  const machineId = (await readFile(machineIdFile, "utf8").catch(() => "")).trim();
  if (!/^[0-9a-f]{32}$/.test(machineId)) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${machineIdFile} has no machine id; run systemd-machine-id-setup, or name the VM with --vm GUID`,
    );
  }
  const bytes = createHash("sha256").update(`csi-driver-hyperv vm ${machineId}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

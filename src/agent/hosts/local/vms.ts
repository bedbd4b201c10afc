import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { StatusError } from "../../../kit/errors.ts";
import type { Vm } from "../host.ts";

/** The VM that stands for this machine itself. */
export async function thisMachine(): Promise<Vm> {
  return declaredVm(await thisMachineId(), hostname());
}

/** A VM that the agent was told of. */
export function declaredVm(id: string, name: string): Vm {
  return { id, name, running: true, generation: 0, path: "" };
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

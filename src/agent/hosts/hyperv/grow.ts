import { StatusError } from "../../../kit/errors.ts";
import type { DiskFile } from "../host.ts";
import { refuseInChain } from "./attach.ts";
import { type HypervParts, vmKey } from "./parts.ts";
import { driveIn, type SeenDrive } from "./seen.ts";
import { failureBehind } from "../../../kit/worker/failure.ts";
import { hasMoved } from "./worker/failures.ts";
import { WorkerLost } from "../../../kit/worker/process.ts";

const MOST_ATTEMPTS = 3;

/** Grows a disk that a VM has, where the VM is, and returns the bytes that Hyper-V made of it. */
export async function grow(
  parts: HypervParts,
  { volumeId }: DiskFile,
  vmId: string,
  size: bigint,
  signal: AbortSignal,
): Promise<bigint> {
  return await parts.locks.run([vmKey(vmId)], `expand ${volumeId}`, signal, async () => {
    for (let attempt = 1; ; attempt++) {
      const found = driveIn(await parts.survey.look(attempt > 1), volumeId, vmId);
      if (found === undefined) {
        throw new StatusError("ABORTED", `volume ${volumeId} was detached; try again`);
      }
      refuseInChain(found, "expanded");
      const where = { host: found.vm.host, path: found.drive.path };
      try {
        const present = BigInt((await parts.workers.read("diskInfo", where)).size);
        if (present >= size) return present;
        const grown = await parts.workers.change("resize", { ...where, size: String(size) }, attempt > 1);
        if (BigInt(grown.size) >= size) return BigInt(grown.size);
        throw new StatusError(
          "INTERNAL",
          `${found.drive.path} has ${grown.size} bytes after it was grown to ${size}`,
        );
      } catch (error) {
        if ((await mayTryAgain(parts, error, found)) && attempt < MOST_ATTEMPTS && !signal.aborted) continue;
        if (!(error instanceof WorkerLost)) throw error;
        throw new StatusError("ABORTED", `${error.message}; the request can be repeated`, error);
      }
    }
  });
}

/** After a worker was lost, or when the VM is on another host by now: no other can reach the disk, whatever it says. */
async function mayTryAgain({ survey }: HypervParts, error: unknown, before: SeenDrive): Promise<boolean> {
  if (error instanceof WorkerLost || hasMoved(failureBehind(error))) return true;
  if (failureBehind(error) === undefined) return false;
  const now = (await survey.look(true)).vms.get(before.vm.id);
  return now !== undefined && now.host !== before.vm.host;
}

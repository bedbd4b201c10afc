import type { ControllerRpcs } from "../csi/rpc.ts";
import { StatusError } from "../kit/errors.ts";

/** A volume that found no room; told to who can tell the user. */
export type NoRoom =
  | {
      readonly for: "create";
      readonly claim: { readonly namespace: string; readonly name: string };
      readonly message: string;
    }
  | { readonly for: "growth"; readonly handle: string; readonly message: string };

/** Reports that are kept until somebody listens; more are dropped. */
const MOST_KEPT = 100;

/** Passes reports on, without ever holding up who reports. */
export class NoRoomReports {
  readonly #kept: NoRoom[] = [];
  #listener: ((report: NoRoom) => void) | undefined;

  report(report: NoRoom): void {
    if (this.#listener !== undefined) this.#listener(report);
    else if (this.#kept.length < MOST_KEPT) this.#kept.push(report);
  }

  /** From now on; what was kept comes at once. */
  listen(listener: (report: NoRoom) => void): void {
    this.#listener = listener;
    for (const report of this.#kept.splice(0)) listener(report);
  }
}

/** The same RPCs, which report when they found no room. Whose volume it is the provisioner's extra metadata says. */
export function reportingNoRoom<Rpcs extends Pick<ControllerRpcs, "CreateVolume" | "ControllerExpandVolume">>(
  rpcs: Rpcs,
  reports: NoRoomReports,
): Rpcs {
  return {
    ...rpcs,
    CreateVolume: async (request, call) => {
      try {
        return await rpcs.CreateVolume(request, call);
      } catch (error) {
        const name = request.parameters["csi.storage.k8s.io/pvc/name"] ?? "";
        const namespace = request.parameters["csi.storage.k8s.io/pvc/namespace"] ?? "";
        if (isNoRoom(error) && name !== "" && namespace !== "")
          reports.report({ for: "create", claim: { namespace, name }, message: error.message });
        throw error;
      }
    },
    ControllerExpandVolume: async (request, call) => {
      try {
        return await rpcs.ControllerExpandVolume(request, call);
      } catch (error) {
        if (isNoRoom(error))
          reports.report({ for: "growth", handle: request.volume_id, message: error.message });
        throw error;
      }
    },
  } satisfies Pick<ControllerRpcs, "CreateVolume" | "ControllerExpandVolume">;
}

function isNoRoom(error: unknown): error is StatusError {
  return error instanceof StatusError && error.code === "RESOURCE_EXHAUSTED";
}

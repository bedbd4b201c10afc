import { parseHandle } from "../../../csi/handle.ts";
import type { ApiClient, Wire } from "../api/api-client.ts";
import type { Regarding } from "../events/event.ts";
import { objectIn, readMetadata, textIn } from "./metadata.ts";

export const VOLUMES = "/api/v1/persistentvolumes";

/** A PersistentVolume of this driver, and the claim that it is bound to. */
export interface KubeVolume {
  readonly handle: string;
  /** The volume and, when it is bound, its claim: what Events are told of. */
  readonly objects: readonly Regarding[];
}

/** All PersistentVolumes of a driver, page by page: none of them is kept. */
export async function* volumesOf(
  api: ApiClient,
  driverName: string,
  signal: AbortSignal,
): AsyncGenerator<KubeVolume> {
  for await (const { items } of api.list(VOLUMES, {}, signal)) {
    for (const item of items) {
      const csi = objectIn(objectIn(item, "spec"), "csi");
      if (textIn(csi, "driver") === driverName) yield readVolume(item, textIn(csi, "volumeHandle"));
    }
  }
}

/** Id of a handle's volume: a handle may be a bare GUID. */
export function volumeIdOf(handle: string): string {
  return parseHandle(handle)?.id ?? handle;
}

function readVolume(volume: Wire, handle: string): KubeVolume {
  const { name, uid } = readMetadata(volume);
  const claim = objectIn(objectIn(volume, "spec"), "claimRef");
  const own: Regarding = { kind: "PersistentVolume", name, namespace: "", uid };
  const claimUid = textIn(claim, "uid");
  if (claimUid === "") return { handle, objects: [own] };
  const bound: Regarding = {
    kind: "PersistentVolumeClaim",
    name: textIn(claim, "name"),
    namespace: textIn(claim, "namespace"),
    uid: claimUid,
  };
  return { handle, objects: [own, bound] };
}

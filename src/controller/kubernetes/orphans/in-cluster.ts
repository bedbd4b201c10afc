import { unlessGone } from "../../../kit/unless-gone.ts";
import type { ApiClient, Wire } from "../api/api-client.ts";
import { objectIn } from "../objects/metadata.ts";
import { VOLUMES } from "../objects/volumes.ts";
import type { InCluster, Named } from "./orphan.ts";

const SNAPSHOTS = "/apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents";

/** What PersistentVolumes and VolumeSnapshotContents of the driver name. */
export async function inCluster(api: ApiClient, driverName: string, signal: AbortSignal): Promise<InCluster> {
  const volumes = await all(api, VOLUMES, (object) => volumeOf(object, driverName), signal);
  const snapshots = all(api, SNAPSHOTS, (object) => snapshotOf(object, driverName), signal);
  // Without the CRDs the API server knows no such objects.
  return { volumes, snapshots: await unlessGone(snapshots) };
}

async function all(
  api: ApiClient,
  path: string,
  read: (object: Wire) => Named | undefined,
  signal: AbortSignal,
): Promise<Named[]> {
  const found: Named[] = [];
  // Objects of a page are let go before the next comes.
  for await (const { items } of api.list(path, {}, signal))
    found.push(...items.flatMap((item) => read(item) ?? []));
  return found;
}

function volumeOf(object: Wire, driverName: string): Named | undefined {
  const { driver, volumeHandle } = objectIn(objectIn(object, "spec"), "csi");
  return driver === driverName ? named(object, volumeHandle) : undefined;
}

/** A content that is not cut yet has no handle, and names nothing. */
function snapshotOf(object: Wire, driverName: string): Named | undefined {
  const spec = objectIn(object, "spec");
  if (spec["driver"] !== driverName) return undefined;
  const { snapshotHandle } = objectIn(object, "status");
  return named(object, snapshotHandle ?? objectIn(spec, "source")["snapshotHandle"]);
}

function named(object: Wire, handle: unknown): Named | undefined {
  const { name } = objectIn(object, "metadata");
  return typeof name === "string" && typeof handle === "string" ? { name, handle } : undefined;
}

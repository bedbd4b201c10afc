import { StatusError } from "../kit/errors.ts";

/** Put there by the snapshotter for drivers that want them. */
const FROM_SNAPSHOTTER = /^csi\.storage\.k8s\.io\/volume(group)?snapshot(content)?\/[a-z]+$/;

/** Snapshots have no parameters of their own. @throws StatusError INVALID_ARGUMENT naming one that is not known */
export function refuseSnapshotParameters(parameters: Readonly<Record<string, string>>): void {
  const unknown = Object.keys(parameters).find((name) => !FROM_SNAPSHOTTER.test(name));
  if (unknown === undefined) return;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `parameter ${JSON.stringify(unknown.slice(0, 128))} is not known; snapshots have none`,
  );
}

import { decodePublishContext } from "../agent-client/disk-address.ts";
import { requireFields } from "../csi/required-fields.ts";
import type { NodeRpcs } from "../csi/rpc.ts";
import { readCapability } from "../csi/volume-capability.ts";
import { decodeVolumeContext } from "../csi/volume-context.ts";
import { StatusError } from "../kit/errors.ts";
import { exclusive } from "./exclusive.ts";
import type { Disk, Guest } from "./guest.ts";
import { isLost } from "./lost-disk.ts";
import type { NodeParts } from "./parts.ts";
import { readPath, readVolumeId } from "./request.ts";

interface Target {
  readonly path: string;
  readonly access: "mount" | "block";
  readonly readOnly: boolean;
}

/** Targets whose publish this process has seen through. Of others nobody knows whether an earlier one was killed midway. */
export type Published = Set<string>;

/** Shows a staged volume at a pod's path: its directory, or the device itself. */
export function publishVolume(parts: NodeParts, published: Published): NodeRpcs["NodePublishVolume"] {
  return async (request, call) => {
    requireFields(request, "volume_id", "target_path", "volume_capability");
    const volumeId = readVolumeId(request.volume_id);
    const path = readPath(parts.guest.paths, "target_path", request.target_path);
    const use = readCapability(request.volume_capability);
    parts.guest.requireUse(use);
    const { access, readOnlyMode, singleWriter } = use;
    if (request.staging_target_path === "") {
      throw new StatusError(
        "FAILED_PRECONDITION",
        "staging_target_path is missing: the volume must be staged first",
      );
    }
    const staging = readPath(parts.guest.paths, "staging_target_path", request.staging_target_path);
    const target: Target = { path, access, readOnly: request.readonly || readOnlyMode };
    const address = decodePublishContext(request.publish_context);
    const known = [staging, path];
    const encrypted = decodeVolumeContext(request.volume_context).encryption !== undefined;
    await exclusive(parts, "NodePublishVolume", volumeId, call, async () => {
      const disk = await parts.guest.findDisk(address, volumeId, call);
      try {
        if (access === "mount") {
          const staged = await requireStaged(parts.guest, volumeId, staging);
          // Of a file system that is mounted read-only, nothing else can be shown.
          const readOnly = target.readOnly || staged.readOnly === true;
          const wanted = { ...target, readOnly };
          if (!(await isPublished(parts.guest, volumeId, wanted, published.has(path)))) {
            if (singleWriter) await refuseSecondPath(parts.guest, disk, known);
            published.delete(path);
            await parts.guest.bindDirectory(staging, path, readOnly);
          }
          published.add(path);
        } else {
          if (await isPublished(parts.guest, volumeId, target, true)) return;
          // What one pod only reads, another may write: kubelet gives each container the rights on the device.
          if (readOnlyMode && !disk.readOnly) {
            throw new StatusError(
              "FAILED_PRECONDITION",
              `volume ${volumeId} is attached writable: publish it read-only to its node first, as its access mode says`,
            );
          }
          if (singleWriter) await refuseSecondPath(parts.guest, disk, known);
          await parts.guest.bindDevice(encrypted ? parts.guest.encryption.unlocked(disk) : disk, path);
        }
      } finally {
        await disk.release();
      }
    });
    return {};
  };
}

/**
 * What was published before is read from the mount table, so that it is known after a restart; its mode is not, which
 * comes with each request. @throws StatusError FAILED_PRECONDITION naming where else the volume is
 */
async function refuseSecondPath(guest: Guest, disk: Disk, known: readonly string[]): Promise<void> {
  const others = await guest.shownElsewhere(disk, known);
  if (others.length === 0) return;
  throw new StatusError(
    "FAILED_PRECONDITION",
    `volume ${disk.volumeId} is for a single writer and is published on ${others.join(", ")} already: unpublish it there`,
  );
}

async function requireStaged(
  guest: Guest,
  volumeId: string,
  staging: string,
): Promise<{ readonly readOnly: boolean | undefined }> {
  const state = await guest.stateOf(staging, volumeId);
  if (state.kind === "mounted" && state.isVolume && state.access === "mount") return state;
  throw new StatusError("FAILED_PRECONDITION", `volume ${volumeId} is not staged on ${staging}`);
}

/**
 * True when the target shows this volume already. What is to be read-only and is still writable is made so, unless its
 * publish was finished, which was another one then. @throws StatusError for anything else there
 */
async function isPublished(
  guest: Guest,
  volumeId: string,
  target: Target,
  isFinished: boolean,
): Promise<boolean> {
  const { path, access, readOnly } = target;
  let state = await guest.stateOf(path, volumeId);
  if (isLost(state)) {
    await guest.unmount(path);
    state = await guest.stateOf(path, volumeId);
  }
  const free = access === "mount" ? "empty directory" : "empty file";
  if (state.kind === "absent" || state.kind === free) return false;
  if (state.kind !== "mounted") {
    const what = state.kind === "occupied" ? state.what : `is an ${state.kind}`;
    throw new StatusError("FAILED_PRECONDITION", `${path} ${what}: the volume was not published over it`);
  }
  if (!state.isVolume) {
    throw new StatusError(
      "FAILED_PRECONDITION",
      `${path} has ${state.device} mounted, which is another volume`,
    );
  }
  if (state.access === access && (access === "block" || (state.readOnly ?? readOnly) === readOnly))
    return true;
  if (state.access === access && readOnly && !isFinished) {
    await guest.makeReadOnly(path);
    return true;
  }
  throw new StatusError("ALREADY_EXISTS", `volume ${volumeId} is published on ${path} in another way`);
}

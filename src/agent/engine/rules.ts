import { StatusError } from "../../kit/errors.ts";
import type { Attachment } from "../hosts/host.ts";
import type { Engine } from "./engine.ts";
import { examine } from "./health/doctor.ts";
import { capacity, listPools } from "./health/capacity.ts";
import { listHealth } from "./health/list-health.ts";
import { volumeHealth } from "./health/volume-health.ts";
import type { EngineParts } from "./parts.ts";
import { blocks } from "./snapshots/blocks.ts";
import { createSnapshot } from "./snapshots/create-snapshot.ts";
import { deleteSnapshot } from "./snapshots/delete-snapshot.ts";
import { createSnapshotGroup, deleteSnapshotGroup } from "./snapshots/snapshot-group.ts";
import { attachVolume } from "./volumes/attach-volume.ts";
import { createVolume } from "./volumes/create-volume.ts";
import { deleteVolume } from "./volumes/delete-volume.ts";
import { listDeletedVolumes, restoreVolume } from "./volumes/deleted-volumes.ts";
import { detachVolume } from "./volumes/detach-volume.ts";
import { exportVolume } from "./volumes/export-volume.ts";
import { expandVolume } from "./volumes/expand-volume.ts";
import { importVolume } from "./volumes/import-volume.ts";
import { knownSnapshot, knownVolume, quoted } from "./volumes/known-volume.ts";
import { modifyVolume } from "./volumes/modify-volume.ts";
import { moveVolume } from "./volumes/move-volume.ts";

/** The bare rules: no locks, no joins. Each change is a file of its own; what only reads is here. */
export function engineRules(parts: EngineParts): Omit<Engine, "listOperations"> {
  const { catalog, host, pools } = parts;
  return {
    createVolume: (request, context) => createVolume(parts, request, context),
    deleteVolume: (id) => deleteVolume(parts, id),
    getVolume: (idOrName) =>
      Promise.try(
        () =>
          catalog.volumes.byId(idOrName) ?? catalog.volumes.byName(idOrName) ?? knownVolume(parts, idOrName),
      ),
    listVolumes: async ({ maxEntries, token }) => {
      const { items, nextToken } = catalog.volumes.page(maxEntries, token);
      const attachments = byVolume(await host.listAttachments());
      return {
        items: items.map((volume) => ({ ...volume, attachments: attachments.get(volume.id) ?? [] })),
        nextToken,
      };
    },
    expandVolume: (id, size, { signal }) => expandVolume(parts, id, size, signal),
    modifyVolume: (id, change, { signal }) => modifyVolume(parts, id, change, signal),

    attach: (vmId, volumeId, readOnly, mountPoint, { signal }) =>
      attachVolume(parts, vmId, volumeId, readOnly, mountPoint, signal),
    detach: (vmId, volumeId, { signal }, onlyWhenOff = false) =>
      detachVolume(parts, vmId, volumeId, signal, onlyWhenOff),
    attachmentsOf: async (volumeId) => {
      knownVolume(parts, volumeId);
      return await host.attachmentsOf(volumeId);
    },

    createSnapshot: (request, context) => createSnapshot(parts, request, context),
    deleteSnapshot: (id) => deleteSnapshot(parts, id),
    getSnapshot: (idOrName) =>
      Promise.try(
        () =>
          catalog.snapshots.byId(idOrName) ??
          catalog.snapshots.byName(idOrName) ??
          knownSnapshot(parts, idOrName),
      ),
    listSnapshots: (sourceVolumeId, { maxEntries, token }) =>
      Promise.try(() =>
        catalog.snapshots.page(
          maxEntries,
          token,
          (snapshot) => sourceVolumeId === undefined || snapshot.sourceVolumeId === sourceVolumeId,
        ),
      ),
    createSnapshotGroup: (name, sources, labels, context) =>
      createSnapshotGroup(parts, name, sources, labels, context),
    deleteSnapshotGroup: (id) => deleteSnapshotGroup(parts, id),
    getSnapshotGroup: (idOrName) =>
      Promise.try(() => {
        const group = catalog.groups.byId(idOrName) ?? catalog.groups.byName(idOrName);
        if (group !== undefined) return catalog.withSnapshots(group);
        pools.requireAllSeen();
        throw new StatusError("NOT_FOUND", `group ${quoted(idOrName)} does not exist`);
      }),
    listSnapshotGroups: () =>
      Promise.resolve([...catalog.groups.values()].map((group) => catalog.withSnapshots(group))),
    blocks: (snapshotId, baseId, startingOffset, maxEntries, { signal }) =>
      blocks(parts, snapshotId, baseId, startingOffset, maxEntries, signal),

    volumeHealth: (id) => volumeHealth(parts, id),
    listHealth: (page, { signal }) => listHealth(parts, page, signal),
    capacity: (pool) => capacity(parts, pool),
    listPools: () => listPools(parts),
    doctor: (fix) => examine(parts, fix),

    listDeletedVolumes: () => listDeletedVolumes(parts),
    restoreVolume: (id) => restoreVolume(parts, id),
    importVolume: (file, name, pool, context) => importVolume(parts, file, name, pool, context),
    exportVolume: (id, file, context) => exportVolume(parts, id, file, context),
    moveVolume: (id, pool, context) => moveVolume(parts, id, pool, context),

    listVms: () => host.listVms(),
    getVm: async (id) => {
      const vm = await host.getVm(id);
      if (vm !== undefined) return vm;
      throw new StatusError("NOT_FOUND", `VM ${quoted(id)} does not exist on this host`);
    },
  };
}

function byVolume(attachments: readonly Attachment[]): Map<string, Attachment[]> {
  return Map.groupBy(attachments, ({ volumeId }) => volumeId);
}

import { StatusError } from "../../kit/errors.ts";
import type { Attachment } from "../hosts/host.ts";
import { attachVolume } from "./attach-volume.ts";
import { createVolume } from "./create-volume.ts";
import { deleteVolume } from "./delete-volume.ts";
import { detachVolume } from "./detach-volume.ts";
import type { Engine } from "./engine.ts";
import { expandVolume } from "./expand-volume.ts";
import { knownVolume } from "./known-volume.ts";
import type { EngineParts } from "./parts.ts";
import { LARGEST_VOLUME, SMALLEST_VOLUME } from "./volume-size.ts";

/** The bare rules: no locks, no joins. Each change is a file of its own; what only reads is here. */
export function engineRules(parts: EngineParts): Engine {
  const { catalog, host, pool } = parts;
  return {
    createVolume: (name, size) => createVolume(parts, name, size),
    deleteVolume: (id) => deleteVolume(parts, id),
    getVolume: (idOrName) =>
      Promise.try(() => catalog.byId(idOrName) ?? catalog.byName(idOrName) ?? knownVolume(parts, idOrName)),
    listVolumes: async (maxEntries, token) => {
      const page = catalog.page(maxEntries, token);
      const attachments = byVolume(await host.listAttachments());
      return {
        volumes: page.volumes.map((volume) => ({ ...volume, attachments: attachments.get(volume.id) ?? [] })),
        nextToken: page.nextToken,
      };
    },
    expandVolume: (id, size, { signal }) => expandVolume(parts, id, size, signal),
    attach: (vmId, volumeId, readOnly, { signal }) => attachVolume(parts, vmId, volumeId, readOnly, signal),
    detach: (vmId, volumeId, { signal }) => detachVolume(parts, vmId, volumeId, signal),
    attachmentsOf: async (volumeId) => {
      knownVolume(parts, volumeId);
      return await host.attachmentsOf(volumeId);
    },
    capacity: async () => {
      const available = await pool.freeBytes();
      return {
        available,
        minimumVolumeSize: SMALLEST_VOLUME,
        maximumVolumeSize: available < LARGEST_VOLUME ? available : LARGEST_VOLUME,
      };
    },
    listVms: () => host.listVms(),
    getVm: async (id) => {
      const vm = await host.getVm(id);
      if (vm !== undefined) return vm;
      throw new StatusError(
        "NOT_FOUND",
        `VM ${JSON.stringify(id.slice(0, 128))} does not exist on this host`,
      );
    },
  };
}

function byVolume(attachments: readonly Attachment[]): Map<string, Attachment[]> {
  return Map.groupBy(attachments, ({ volumeId }) => volumeId);
}

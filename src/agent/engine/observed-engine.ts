import { StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { CallContext, Engine } from "./engine.ts";

/** Counts and logs each operation as its caller sees it. */
export function observedEngine(engine: Engine, metrics: Metrics, log: Log): Engine {
  async function observe<T>(
    operation: string,
    subject: object,
    { requestId, caller }: CallContext,
    work: Promise<T>,
  ): Promise<T> {
    const started = performance.now();
    let code = "OK";
    try {
      return await work;
    } catch (thrown) {
      const error = StatusError.from(thrown);
      code = error.code;
      throw error;
    } finally {
      const ms = performance.now() - started;
      metrics.engineSeconds.observe({ operation, code }, ms / 1000);
      log.debug({ operation, ...subject, code, ms: Math.round(ms), requestId, caller }, operation);
    }
  }

  return {
    createVolume: (request, context) =>
      observe(
        "create",
        { name: request.name, size: request.size?.required.toString(), source: request.source?.id },
        context,
        engine.createVolume(request, context),
      ),
    deleteVolume: (id, context) => observe("delete", { id }, context, engine.deleteVolume(id, context)),
    getVolume: (id, context) => observe("get", { id }, context, engine.getVolume(id, context)),
    listVolumes: (page, context) =>
      observe("list", { maxEntries: page.maxEntries }, context, engine.listVolumes(page, context)),
    expandVolume: (id, size, context) =>
      observe("expand", { id, size: String(size.required) }, context, engine.expandVolume(id, size, context)),
    modifyVolume: (id, change, context) =>
      observe("modify", { id }, context, engine.modifyVolume(id, change, context)),

    attach: (vmId, id, readOnly, mountPoint, context) =>
      observe(
        "attach",
        { id, vmId, readOnly },
        context,
        engine.attach(vmId, id, readOnly, mountPoint, context),
      ),
    detach: (vmId, id, context, onlyWhenOff) =>
      observe("detach", { id, vmId, onlyWhenOff }, context, engine.detach(vmId, id, context, onlyWhenOff)),
    attachmentsOf: (id, context) =>
      observe("attachments", { id }, context, engine.attachmentsOf(id, context)),

    createSnapshot: (request, context) =>
      observe(
        "snapshot",
        { name: request.name, source: request.sourceVolumeId },
        context,
        engine.createSnapshot(request, context),
      ),
    deleteSnapshot: (id, context) =>
      observe("delete-snapshot", { id }, context, engine.deleteSnapshot(id, context)),
    getSnapshot: (id, context) => observe("get-snapshot", { id }, context, engine.getSnapshot(id, context)),
    listSnapshots: (source, page, context) =>
      observe("list-snapshots", { source }, context, engine.listSnapshots(source, page, context)),
    createSnapshotGroup: (name, sources, labels, context) =>
      observe(
        "snapshot-group",
        { name, sources },
        context,
        engine.createSnapshotGroup(name, sources, labels, context),
      ),
    deleteSnapshotGroup: (id, context) =>
      observe("delete-group", { id }, context, engine.deleteSnapshotGroup(id, context)),
    getSnapshotGroup: (id, context) =>
      observe("get-group", { id }, context, engine.getSnapshotGroup(id, context)),
    listSnapshotGroups: (context) => observe("list-groups", {}, context, engine.listSnapshotGroups(context)),
    blocks: (id, baseId, startingOffset, maxEntries, context) =>
      observe(
        "blocks",
        { id, baseId, startingOffset: String(startingOffset) },
        context,
        engine.blocks(id, baseId, startingOffset, maxEntries, context),
      ),

    volumeHealth: (id, context) => observe("health", { id }, context, engine.volumeHealth(id, context)),
    listHealth: (page, context) =>
      observe("list-health", { maxEntries: page.maxEntries }, context, engine.listHealth(page, context)),
    capacity: (pool, context) => observe("capacity", { pool }, context, engine.capacity(pool, context)),
    listPools: (context) => observe("list-pools", {}, context, engine.listPools(context)),
    doctor: (fix, context) => observe("doctor", { fix }, context, engine.doctor(fix, context)),
    listOperations: (context) => observe("list-operations", {}, context, engine.listOperations(context)),

    listDeletedVolumes: (context) => observe("list-deleted", {}, context, engine.listDeletedVolumes(context)),
    restoreVolume: (id, context) => observe("restore", { id }, context, engine.restoreVolume(id, context)),
    importVolume: (file, name, pool, context) =>
      observe("import", { file, name }, context, engine.importVolume(file, name, pool, context)),
    exportVolume: (id, file, context) =>
      observe("export", { id, file }, context, engine.exportVolume(id, file, context)),
    moveVolume: (id, pool, context) =>
      observe("move", { id, pool }, context, engine.moveVolume(id, pool, context)),

    listVms: (context) => observe("list-vms", {}, context, engine.listVms(context)),
    getVm: (vmId, context) => observe("get-vm", { vmId }, context, engine.getVm(vmId, context)),
  };
}

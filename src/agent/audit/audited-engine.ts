import { StatusError } from "../../kit/errors.ts";
import type { CallContext, Engine } from "../engine/engine.ts";
import type { AuditEntry } from "./audit-log.ts";

/** Tells who changed what, how it ended and how long it took; reads are not told. */
export function auditedEngine(engine: Engine, note: (entry: AuditEntry) => void): Engine {
  async function tell<T>(
    operation: string,
    subject: object,
    { caller = "", requestId }: CallContext,
    work: Promise<T>,
    found: (result: T) => object = () => ({}),
  ): Promise<T> {
    const started = performance.now();
    const entry = () => ({ operation, caller, requestId, ms: Math.round(performance.now() - started) });
    try {
      const result = await work;
      note({ ...entry(), subject: { ...subject, ...found(result) }, code: "OK" });
      return result;
    } catch (thrown) {
      const { code, message } = StatusError.from(thrown);
      note({ ...entry(), subject, code, error: message });
      throw thrown;
    }
  }
  const idOf = ({ id }: { readonly id: string }) => ({ id });

  return {
    ...engine,
    createVolume: (request, context) => {
      const { name, size, pool, source } = request;
      const subject = { name, size: size?.required.toString(), pool, source: source?.id };
      return tell("create", subject, context, engine.createVolume(request, context), idOf);
    },
    deleteVolume: (id, context) => tell("delete", { id }, context, engine.deleteVolume(id, context)),
    expandVolume: (id, size, context) =>
      tell("expand", { id, size: String(size.required) }, context, engine.expandVolume(id, size, context)),
    modifyVolume: (id, change, context) =>
      tell("modify", { id, ...change }, context, engine.modifyVolume(id, change, context)),
    attach: (vmId, id, readOnly, mountPoint, context) =>
      tell("attach", { id, vmId, readOnly }, context, engine.attach(vmId, id, readOnly, mountPoint, context)),
    detach: (vmId, id, context, onlyWhenOff) => {
      const subject = { id, vmId, ...(onlyWhenOff === true ? { onlyWhenOff } : {}) };
      return tell("detach", subject, context, engine.detach(vmId, id, context, onlyWhenOff));
    },
    createSnapshot: (request, context) => {
      const subject = { name: request.name, source: request.sourceVolumeId };
      return tell("snapshot", subject, context, engine.createSnapshot(request, context), idOf);
    },
    deleteSnapshot: (id, context) =>
      tell("delete-snapshot", { id }, context, engine.deleteSnapshot(id, context)),
    createSnapshotGroup: (name, sources, labels, context) => {
      const work = engine.createSnapshotGroup(name, sources, labels, context);
      return tell("snapshot-group", { name, sources }, context, work, idOf);
    },
    deleteSnapshotGroup: (id, context) =>
      tell("delete-group", { id }, context, engine.deleteSnapshotGroup(id, context)),
    restoreVolume: (id, context) => tell("restore", { id }, context, engine.restoreVolume(id, context)),
    importVolume: (file, name, pool, context) =>
      tell("import", { file, name, pool }, context, engine.importVolume(file, name, pool, context), idOf),
    exportVolume: (id, file, context) =>
      tell("export", { id, file }, context, engine.exportVolume(id, file, context)),
    moveVolume: (id, pool, context) =>
      tell("move", { id, pool }, context, engine.moveVolume(id, pool, context)),
    doctor: (fix, context) => {
      const work = engine.doctor(fix, context);
      return fix
        ? tell("doctor-fix", {}, context, work, (found) => ({
            fixed: found.filter(({ fixed }) => fixed).length,
          }))
        : work;
    },
  };
}

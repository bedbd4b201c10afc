import { StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { CallContext, Engine } from "./engine.ts";

/** Counts and logs each operation as its caller sees it. */
export function observedEngine(engine: Engine, metrics: Metrics, log: Log): Engine {
  async function observe<T>(
    operation: string,
    subject: object,
    context: CallContext,
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
      log.debug({ operation, ...subject, code, ms: Math.round(ms), requestId: context.requestId }, operation);
    }
  }

  return {
    createVolume: (name, size, context) =>
      observe(
        "create",
        { name, size: String(size.required) },
        context,
        engine.createVolume(name, size, context),
      ),
    deleteVolume: (id, context) => observe("delete", { id }, context, engine.deleteVolume(id, context)),
    getVolume: (id, context) => observe("get", { id }, context, engine.getVolume(id, context)),
    listVolumes: (maxEntries, token, context) =>
      observe("list", { maxEntries }, context, engine.listVolumes(maxEntries, token, context)),
    expandVolume: (id, size, context) =>
      observe("expand", { id, size: String(size.required) }, context, engine.expandVolume(id, size, context)),
    attach: (vmId, id, readOnly, context) =>
      observe("attach", { id, vmId, readOnly }, context, engine.attach(vmId, id, readOnly, context)),
    detach: (vmId, id, context) => observe("detach", { id, vmId }, context, engine.detach(vmId, id, context)),
    attachmentsOf: (id, context) =>
      observe("attachments", { id }, context, engine.attachmentsOf(id, context)),
    capacity: (context) => observe("capacity", {}, context, engine.capacity(context)),
    listVms: (context) => observe("list-vms", {}, context, engine.listVms(context)),
    getVm: (vmId, context) => observe("get-vm", { vmId }, context, engine.getVm(vmId, context)),
  };
}

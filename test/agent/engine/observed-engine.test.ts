import { expect } from "chai";
import { pino } from "pino";
import { observedEngine } from "../../../src/agent/engine/observed-engine.ts";
import { StatusError } from "../../../src/kit/errors.ts";
import { createMetrics } from "../../../src/kit/metrics.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { rejection } from "../../support/failure.ts";
import { engineRigs, exactly, newVolume } from "../../support/engine-rig.ts";
import { context } from "../../support/local-rig.ts";

describe("the engine as it is observed", () => {
  const newRig = engineRigs();

  async function observed() {
    const rig = await newRig();
    const metrics = createMetrics();
    const lines: Record<string, unknown>[] = [];
    const log = pino({ level: "debug" }, { write: (line: string) => lines.push(JSON.parse(line) as never) });
    const engine = observedEngine(rig.engine, metrics, log);
    const counts = async () => {
      const { values } = await metrics.engineSeconds.get();
      const own = values.filter(({ metricName }) => metricName?.endsWith("_count"));
      return Object.fromEntries(
        own.map(({ labels, value }) => [`${labels.operation} ${labels.code}`, value]),
      );
    };
    return { rig, engine, counts, lines };
  }

  it("counts every operation with its outcome", async () => {
    const { rig, engine, counts } = await observed();
    const { id } = await engine.createVolume(newVolume("data", exactly(8n * MiB)), context());
    const vmId = rig.host.vms[0]!.id;
    await engine.attach(vmId, id, false, undefined, context());
    await engine.attachmentsOf(id, context());
    await rejection(engine.deleteVolume(id, context()));
    await engine.detach(vmId, id, context());
    await engine.expandVolume(id, exactly(16n * MiB), context());
    await engine.deleteVolume(id, context());
    await rejection(engine.getVolume(id, context()));
    await engine.listVolumes({ maxEntries: 0, token: undefined }, context());
    await engine.listVms(context());
    await engine.getVm(vmId, context());
    await engine.capacity(undefined, context());
    expect(await counts()).to.deep.equal({
      "create OK": 1,
      "attach OK": 1,
      "attachments OK": 1,
      "delete FAILED_PRECONDITION": 1,
      "detach OK": 1,
      "expand OK": 1,
      "delete OK": 1,
      "get NOT_FOUND": 1,
      "list OK": 1,
      "list-vms OK": 1,
      "get-vm OK": 1,
      "capacity OK": 1,
    });
  });

  it("turns every failure into an error with a code, once, and keeps its cause", async () => {
    const { rig, engine } = await observed();
    const cause = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    rig.host.listVms = () => Promise.reject(cause);
    const error = await rejection(engine.listVms(context()));
    expect(error).to.be.instanceOf(StatusError).and.to.include({ code: "RESOURCE_EXHAUSTED", cause });
    const refused = await rejection(engine.createVolume(newVolume("../x", exactly(8n * MiB)), context()));
    expect(refused).to.include({ code: "INVALID_ARGUMENT" });
  });

  it("logs who asked for what, with the request's id", async () => {
    const { engine, lines } = await observed();
    await engine.createVolume(newVolume("data", exactly(8n * MiB)), { ...context(), requestId: "request-7" });
    expect(lines.at(-1)).to.include({
      operation: "create",
      name: "data",
      size: "8388608",
      code: "OK",
      requestId: "request-7",
    });
  });
});

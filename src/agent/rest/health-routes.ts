import { Type } from "typebox";
import type { Metrics } from "../../kit/metrics.ts";
import type { Engine } from "../engine/engine.ts";
import { callContext } from "./call-context.ts";
import { failures } from "./describe.ts";
import type { Server } from "./volume-routes.ts";

const open = { open: true, alwaysServed: true } as const;
const Health = Type.Object({ status: Type.Literal("ok") });
const Readiness = Type.Object({
  status: Type.Enum(["ok", "unavailable"]),
  host: Type.Enum(["ok", "down"], { description: "whether the host tells of its VMs" }),
  pools: Type.Record(Type.String(), Type.Enum(["ok", "down"]), { description: "each pool by name" }),
});

/** Whether the agent is alive, whether it can serve, and its metrics. */
export function healthRoutes(server: Server, engine: Engine, metrics: Metrics): void {
  server.get(
    "/healthz",
    {
      config: open,
      schema: {
        operationId: "healthz",
        summary: "The process is alive",
        tags: ["Health"],
        security: [],
        response: { 200: Health },
      },
    },
    () => ({ status: "ok" as const }),
  );
  server.get(
    "/readyz",
    {
      config: open,
      schema: {
        operationId: "readyz",
        summary: "The host answers and at least one pool can be used",
        tags: ["Health"],
        security: [],
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (request, reply) => {
      const context = callContext(request, reply);
      const [pools, host] = await Promise.all([
        engine.listPools(context),
        engine.listVms(context).then(
          () => "ok" as const,
          () => "down" as const,
        ),
      ]);
      const states = pools.map(({ name, down }) => [name, down === undefined ? "ok" : "down"] as const);
      const ready = host === "ok" && states.some(([, state]) => state === "ok");
      return await reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? "ok" : "unavailable", host, pools: Object.fromEntries(states) });
    },
  );
  server.get(
    "/metrics",
    {
      config: { alwaysServed: true },
      schema: {
        operationId: "metrics",
        summary: "Metrics for Prometheus",
        tags: ["Health"],
        response: { 200: { content: { "text/plain": { schema: Type.String() } } }, ...failures() },
      },
    },
    async (_request, reply) =>
      await reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );
}

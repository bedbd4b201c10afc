import { Type } from "typebox";
import type { Metrics } from "../../kit/metrics.ts";
import type { Engine } from "../engine/engine.ts";
import { failures, misdirected } from "./describe.ts";
import { Readiness, readinessOf } from "./readiness.ts";
import type { Server } from "./volume-routes.ts";

const open = { open: true, alwaysServed: true } as const;
const Health = Type.Object({ status: Type.Literal("ok") });

/** Whether the agent is alive, whether it can serve, and its metrics. */
export function healthRoutes(server: Server, engine: Engine, metrics: Metrics): void {
  const look = readinessOf(engine);
  server.get(
    "/healthz",
    {
      config: open,
      schema: {
        operationId: "healthz",
        summary: "The process is alive",
        tags: ["Health"],
        security: [],
        response: { 200: Health, ...misdirected },
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
        response: { 200: Readiness, 503: Readiness, ...misdirected },
      },
    },
    async (_request, reply) => {
      const readiness = await look();
      return await reply.code(readiness.status === "ok" ? 200 : 503).send(readiness);
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

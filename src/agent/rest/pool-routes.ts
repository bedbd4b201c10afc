import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import { toJsonSize } from "../../kit/sizes.ts";
import type { Engine } from "../engine/engine.ts";
import type { DoctorFinding } from "../engine/model.ts";
import { timeAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { idOf } from "./ids.ts";
import type { Server } from "./volume-routes.ts";

const OfPool = Type.Object({ pool: Type.Optional(Type.String()) });

/** Capacity, pools, health, running operations and the doctor. */
export function poolRoutes(server: Server, engine: Engine): void {
  server.get(
    "/capacity",
    { schema: { querystring: OfPool, response: { 200: wire.CapacityAnswer } } },
    async (request, reply) => {
      const capacity = await engine.capacity(request.query.pool, callContext(request, reply));
      return {
        AvailableCapacity: toJsonSize(capacity.available),
        MinimumVolumeSize: toJsonSize(capacity.minimumVolumeSize),
        MaximumVolumeSize: toJsonSize(capacity.maximumVolumeSize),
      };
    },
  );
  server.get("/pools", { schema: { response: { 200: wire.PoolList } } }, async (request, reply) => {
    const pools = await engine.listPools(callContext(request, reply));
    return {
      Pools: pools.map((pool) => ({
        Name: pool.name,
        Directory: pool.directory,
        Down: pool.down ?? null,
        FreeBytes: toJsonSize(pool.free),
        TotalBytes: toJsonSize(pool.total),
        PromisedBytes: toJsonSize(pool.promised),
        AvailableCapacity: toJsonSize(pool.available),
        Volumes: pool.volumes,
        Snapshots: pool.snapshots,
      })),
    };
  });
  server.get(
    "/volume/:volid/health",
    { schema: { params: Type.Object({ volid: Type.String() }), response: { 200: wire.HealthAnswer } } },
    async (request, reply) => {
      const problems = await engine.volumeHealth(idOf(request.params.volid), callContext(request, reply));
      return { healthy: problems.length === 0, problems: problems.map((problem) => ({ ...problem })) };
    },
  );
  server.get("/operations", { schema: { response: { 200: wire.OperationList } } }, async (request, reply) => {
    const operations = await engine.listOperations(callContext(request, reply));
    return {
      operations: operations.map(({ what, requestId, startedAt, progress }) => ({
        what,
        request_id: requestId,
        started_at: timeAnswer(startedAt),
        progress: progress ?? null,
      })),
    };
  });
  server.get("/doctor", { schema: { response: { 200: wire.DoctorAnswer } } }, async (request, reply) =>
    doctorAnswer(await engine.doctor(false, callContext(request, reply))),
  );
  server.post(
    "/doctor/fix",
    { config: { role: "admin" }, schema: { response: { 200: wire.DoctorAnswer } } },
    async (request, reply) => doctorAnswer(await engine.doctor(true, callContext(request, reply))),
  );
}

function doctorAnswer(findings: readonly DoctorFinding[]): wire.DoctorAnswer {
  return {
    findings: findings.map(({ pool, kind, path, message, safeToFix, fixed }) => ({
      pool,
      kind,
      path,
      message,
      safe_to_fix: safeToFix,
      fixed,
    })),
  };
}

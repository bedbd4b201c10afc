import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import { toJsonSize } from "../../kit/sizes.ts";
import type { Engine } from "../engine/engine.ts";
import { callContext } from "./call-context.ts";
import { failures } from "./describe.ts";
import { PoolName } from "./params.ts";
import type { Server } from "./volume-routes.ts";

const tags = ["Pools"];

/** What pools have, and can still promise. */
export function poolRoutes(server: Server, engine: Engine): void {
  server.get(
    "/capacity",
    {
      schema: {
        operationId: "getCapacity",
        summary: "Get what can still be promised to new volumes",
        description: "Of one pool, or of the one with most room.",
        tags,
        querystring: Type.Object({ pool: Type.Optional(PoolName) }),
        response: { 200: wire.CapacityAnswer, ...failures("NOT_FOUND") },
      },
    },
    async (request, reply) => {
      const capacity = await engine.capacity(request.query.pool, callContext(request, reply));
      return {
        AvailableCapacity: toJsonSize(capacity.available),
        MinimumVolumeSize: toJsonSize(capacity.minimumVolumeSize),
        MaximumVolumeSize: toJsonSize(capacity.maximumVolumeSize),
      };
    },
  );
  server.get(
    "/pools",
    {
      schema: {
        operationId: "listPools",
        summary: "List pools",
        tags,
        response: { 200: wire.PoolList, ...failures() },
      },
    },
    async (request, reply) => {
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
    },
  );
}

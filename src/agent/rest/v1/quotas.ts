import { Type } from "typebox";
import { MiB, toJsonSize } from "../../../kit/sizes.ts";
import type { Engine } from "../../engine/engine.ts";
import { callContext } from "../call-context.ts";
import type { Server } from "../volume-routes.ts";
import { answers, Quotas } from "./answers.ts";
import { operationTime } from "./envelope.ts";

const ACCOUNT = "00000000-0000-0000-0000-000000000000";
const mebibytes = (bytes: bigint) => toJsonSize(bytes / MiB);

const example = {
  status: "success",
  uuid: ACCOUNT,
  used: { volumes: 3, total_volume_mb: 30720 },
  hard: { total_volume_mb: 1048576 },
  limits: { min_volume_mb: 6, max_volume_mb: 1017856 },
};

/** GET /v1/users/quotas: what the pools hold and can still promise, as the quota of the one account there is. */
export function quotasRoute(server: Server, engine: Engine): void {
  server.get(
    "/users/quotas",
    {
      schema: {
        operationId: "v1GetQuotas",
        summary: "Get what is used and what is left",
        tags: ["Volumes API v1"],
        response: answers({ quotas: Type.Array(Quotas) }, "The quotas", {
          status: "success",
          data: { quotas: [example] },
          op_time_us: 1234,
        }),
      },
    },
    async (request, reply) => {
      const context = callContext(request, reply);
      const [pools, capacity] = await Promise.all([
        engine.listPools(context),
        engine.capacity(undefined, context),
      ]);
      const taken = pools.reduce((sum, { total, free, promised }) => sum + total - free + promised, 0n);
      const quotas = {
        status: "success" as const,
        uuid: ACCOUNT,
        used: {
          volumes: pools.reduce((sum, { volumes }) => sum + volumes, 0),
          total_volume_mb: mebibytes(taken),
        },
        hard: { total_volume_mb: mebibytes(taken + capacity.available) },
        limits: {
          min_volume_mb: mebibytes(capacity.minimumVolumeSize),
          max_volume_mb: mebibytes(capacity.maximumVolumeSize),
        },
      };
      return { status: "success" as const, data: { quotas: [quotas] }, op_time_us: operationTime(reply) };
    },
  );
}

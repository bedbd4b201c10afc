import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import type { Engine } from "../engine/engine.ts";
import type { DoctorFinding } from "../engine/model.ts";
import { timeAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { failures } from "./describe.ts";
import { idOf } from "./ids.ts";
import { Id } from "./params.ts";
import { pageOf, pageQuery } from "./query.ts";
import type { Server } from "./volume-routes.ts";

const tags = ["Care"];

/** Health of volumes, running operations, and the doctor. */
export function careRoutes(server: Server, engine: Engine): void {
  server.get(
    "/volume/:volid/health",
    {
      schema: {
        operationId: "getVolumeHealth",
        summary: "Tell what is wrong with a volume",
        tags,
        params: Type.Object({ volid: Id }),
        response: { 200: wire.HealthAnswer, ...failures("NOT_FOUND") },
      },
    },
    async (request, reply) => {
      const problems = await engine.volumeHealth(idOf(request.params.volid), callContext(request, reply));
      return { healthy: problems.length === 0, problems: problems.map((problem) => ({ ...problem })) };
    },
  );
  server.get(
    "/volumes/health",
    {
      schema: {
        operationId: "listVolumeHealth",
        summary: "Look at a page of volumes, and tell of those that something is wrong with",
        description: "maxEntries is how many are looked at, 1000 at most; a page may be empty and go on.",
        tags,
        querystring: Type.Object(pageQuery),
        response: { 200: wire.HealthList, ...failures() },
      },
    },
    async (request, reply) => {
      const page = await engine.listHealth(pageOf(request.query), callContext(request, reply));
      const volumes = page.items.map(({ id, problems }) => ({ id, problems: [...problems] }));
      return { volumes, next_token: page.nextToken ?? "" };
    },
  );
  server.get(
    "/operations",
    {
      schema: {
        operationId: "listOperations",
        summary: "List changes that are at work, with their progress",
        tags,
        response: { 200: wire.OperationList, ...failures() },
      },
    },
    async (request, reply) => {
      const operations = await engine.listOperations(callContext(request, reply));
      return {
        operations: operations.map(({ what, requestId, startedAt, progress }) => ({
          what,
          request_id: requestId,
          started_at: timeAnswer(startedAt),
          progress: progress ?? null,
        })),
      };
    },
  );
  server.get(
    "/doctor",
    {
      schema: {
        operationId: "examine",
        summary: "List what lies in the pools and belongs to nothing",
        tags,
        response: { 200: wire.DoctorAnswer, ...failures() },
      },
    },
    async (request, reply) => doctorAnswer(await engine.doctor(false, callContext(request, reply))),
  );
  server.post(
    "/doctor/fix",
    {
      config: { role: "admin" },
      schema: {
        operationId: "mend",
        summary: "Mend what is proven safe to mend",
        tags,
        response: { 200: wire.DoctorAnswer, ...failures() },
      },
    },
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

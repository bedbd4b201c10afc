import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import type { Engine } from "../engine/engine.ts";
import { timeAnswer, volumeAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { failures } from "./describe.ts";
import { idOf } from "./ids.ts";
import { Id, PoolName, VolumeName } from "./params.ts";
import type { Server } from "./volume-routes.ts";

const tags = ["Transfers"];
const Identified = Type.Object({ volid: Id });
const File = Type.String({
  description: "the name of a file in the transfer directory: .vhdx, or raw with another ending",
  examples: ["old-server.vhdx"],
});

/** What brings volumes in from files, out to files, to another pool, and back after a deletion. */
export function transferRoutes(server: Server, engine: Engine): void {
  server.post(
    "/volume/:name/import",
    {
      config: { role: "admin" },
      schema: {
        operationId: "importVolume",
        summary: "Make a volume of a file; the file stays",
        tags,
        params: Type.Object({ name: VolumeName }),
        querystring: Type.Object({ file: File, pool: Type.Optional(PoolName) }),
        response: {
          201: wire.VolumeAnswer,
          ...failures(
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "FAILED_PRECONDITION",
            "RESOURCE_EXHAUSTED",
            "OUT_OF_RANGE",
          ),
        },
      },
    },
    async (request, reply) => {
      const { file, pool } = request.query;
      const volume = await engine.importVolume(file, request.params.name, pool, callContext(request, reply));
      return await reply.code(201).send(volumeAnswer(volume));
    },
  );
  server.post(
    "/volume/:volid/export",
    {
      config: { role: "admin" },
      schema: {
        operationId: "exportVolume",
        summary: "Write a detached volume to a new file",
        tags,
        params: Identified,
        querystring: Type.Object({ file: File }),
        response: {
          204: Type.Null(),
          ...failures("NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"),
        },
      },
    },
    async (request, reply) => {
      const { file } = request.query;
      await engine.exportVolume(idOf(request.params.volid), file, callContext(request, reply));
      return await reply.code(204).send(null);
    },
  );
  server.post(
    "/volume/:volid/move",
    {
      config: { role: "admin" },
      schema: {
        operationId: "moveVolume",
        summary: "Move a detached volume to another pool",
        tags,
        params: Identified,
        querystring: Type.Object({ pool: PoolName }),
        response: {
          200: wire.VolumeAnswer,
          ...failures("NOT_FOUND", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"),
        },
      },
    },
    async (request, reply) => {
      const { pool } = request.query;
      const volume = await engine.moveVolume(idOf(request.params.volid), pool, callContext(request, reply));
      return volumeAnswer(volume);
    },
  );
  server.get(
    "/deleted",
    {
      schema: {
        operationId: "listDeletedVolumes",
        summary: "List deleted volumes that are still kept",
        tags,
        response: { 200: wire.DeletedList, ...failures() },
      },
    },
    async (request, reply) => {
      const deleted = await engine.listDeletedVolumes(callContext(request, reply));
      return {
        volumes: deleted.map(({ id, name, pool, deletedAt, keptUntil }) => ({
          id,
          name,
          pool,
          deleted_at: timeAnswer(deletedAt),
          kept_until: timeAnswer(keptUntil),
        })),
      };
    },
  );
  server.post(
    "/deleted/:volid/restore",
    {
      schema: {
        operationId: "restoreVolume",
        summary: "Bring a deleted volume back",
        tags,
        params: Identified,
        response: { 200: wire.VolumeAnswer, ...failures("NOT_FOUND", "ALREADY_EXISTS") },
      },
    },
    async (request, reply) =>
      volumeAnswer(await engine.restoreVolume(idOf(request.params.volid), callContext(request, reply))),
  );
}

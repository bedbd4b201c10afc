import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import type { Engine } from "../engine/engine.ts";
import { timeAnswer, volumeAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { idOf } from "./ids.ts";
import type { Server } from "./volume-routes.ts";

const Named = Type.Object({ name: Type.String() });
const Identified = Type.Object({ volid: Type.String() });
const ImportQuery = Type.Object({ file: Type.String(), pool: Type.Optional(Type.String()) });
const ExportQuery = Type.Object({ file: Type.String() });
const MoveQuery = Type.Object({ pool: Type.String() });

/** What brings volumes in from files, out to files, to another pool, and back after a deletion. */
export function transferRoutes(server: Server, engine: Engine): void {
  server.post(
    "/volume/:name/import",
    {
      config: { role: "admin" },
      schema: { params: Named, querystring: ImportQuery, response: { 201: wire.VolumeAnswer } },
    },
    async (request, reply) => {
      const { file, pool } = request.query;
      const volume = await engine.importVolume(file, request.params.name, pool, callContext(request, reply));
      return await reply.code(201).send(volumeAnswer(volume));
    },
  );
  server.post(
    "/volume/:volid/export",
    { config: { role: "admin" }, schema: { params: Identified, querystring: ExportQuery } },
    async (request, reply) => {
      const { file } = request.query;
      await engine.exportVolume(idOf(request.params.volid), file, callContext(request, reply));
      return await reply.code(204).send();
    },
  );
  server.post(
    "/volume/:volid/move",
    {
      config: { role: "admin" },
      schema: { params: Identified, querystring: MoveQuery, response: { 200: wire.VolumeAnswer } },
    },
    async (request, reply) => {
      const { pool } = request.query;
      const volume = await engine.moveVolume(idOf(request.params.volid), pool, callContext(request, reply));
      return volumeAnswer(volume);
    },
  );
  server.get("/deleted", { schema: { response: { 200: wire.DeletedList } } }, async (request, reply) => {
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
  });
  server.post(
    "/deleted/:volid/restore",
    { schema: { params: Identified, response: { 200: wire.VolumeAnswer } } },
    async (request, reply) =>
      volumeAnswer(await engine.restoreVolume(idOf(request.params.volid), callContext(request, reply))),
  );
}

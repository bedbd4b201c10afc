import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import type { Engine } from "../engine/engine.ts";
import { groupAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { failures } from "./describe.ts";
import { idOf } from "./ids.ts";
import { Id, IdOrName, Ids, Pairs, SnapshotName } from "./params.ts";
import { pairsOf } from "./query.ts";
import type { Server } from "./volume-routes.ts";

const tags = ["Snapshot groups"];
const CreateQuery = Type.Object({ volume: Ids, label: Type.Optional(Pairs) });

/** Snapshots of several volumes that are cut at one instant. */
export function snapshotGroupRoutes(server: Server, engine: Engine): void {
  server.post(
    "/snapshotgroup/:name",
    {
      schema: {
        operationId: "createSnapshotGroup",
        summary: "Cut snapshots of several volumes at one instant: all, or none",
        tags,
        params: Type.Object({ name: SnapshotName }),
        querystring: CreateQuery,
        response: {
          201: wire.SnapshotGroupAnswer,
          ...failures("NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"),
        },
      },
    },
    async (request, reply) => {
      const { volume, label } = request.query;
      const group = await engine.createSnapshotGroup(
        request.params.name,
        volume.map(idOf),
        pairsOf("label", label),
        callContext(request, reply),
      );
      return await reply.code(201).send(groupAnswer(group));
    },
  );
  server.get(
    "/snapshotgroup/:id",
    {
      schema: {
        operationId: "getSnapshotGroup",
        summary: "Get a group by id or name",
        tags,
        params: Type.Object({ id: IdOrName }),
        response: { 200: wire.SnapshotGroupAnswer, ...failures("NOT_FOUND") },
      },
    },
    async (request, reply) =>
      groupAnswer(await engine.getSnapshotGroup(idOf(request.params.id), callContext(request, reply))),
  );
  server.delete(
    "/snapshotgroup/:id",
    {
      schema: {
        operationId: "deleteSnapshotGroup",
        summary: "Delete a group with its snapshots",
        description: "A group that is not there is success.",
        tags,
        params: Type.Object({ id: Id }),
        response: { 204: Type.Null(), ...failures("FAILED_PRECONDITION") },
      },
    },
    async (request, reply) => {
      await engine.deleteSnapshotGroup(idOf(request.params.id), callContext(request, reply));
      return await reply.code(204).send(null);
    },
  );
  server.get(
    "/snapshotgroups",
    {
      schema: {
        operationId: "listSnapshotGroups",
        summary: "List groups",
        tags,
        response: { 200: wire.SnapshotGroupList, ...failures() },
      },
    },
    async (request, reply) => {
      const groups = await engine.listSnapshotGroups(callContext(request, reply));
      return { groups: groups.map(groupAnswer) };
    },
  );
}

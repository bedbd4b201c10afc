import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import { toJsonSize } from "../../kit/sizes.ts";
import type { Engine } from "../engine/engine.ts";
import { snapshotAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { failures } from "./describe.ts";
import { idOf } from "./ids.ts";
import { Bytes, Count, Id, IdOrName, Pairs, SnapshotName } from "./params.ts";
import { bytesOf, countOf, pageOf, pageQuery, pairsOf } from "./query.ts";
import type { Server } from "./volume-routes.ts";

const tags = ["Snapshots"];
const Identified = Type.Object({ id: Id });
const CreateQuery = Type.Object({ volume: Id, label: Type.Optional(Pairs) });
const ListQuery = Type.Object({ ...pageQuery, volume: Type.Optional(Id) });
const BlockQuery = Type.Object({
  base: Type.Optional(Id),
  startingOffset: Type.Optional(Bytes),
  maxEntries: Type.Optional(Count),
});

/** Snapshots and what they hold. */
export function snapshotRoutes(server: Server, engine: Engine): void {
  server.post(
    "/snapshot/:name",
    {
      schema: {
        operationId: "createSnapshot",
        summary: "Cut a snapshot of a volume",
        description:
          "The same request again answers with the same snapshot. It lives on when its volume is deleted.",
        tags,
        params: Type.Object({ name: SnapshotName }),
        querystring: CreateQuery,
        response: {
          201: wire.SnapshotAnswer,
          ...failures("NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"),
        },
      },
    },
    async (request, reply) => {
      const { volume, label } = request.query;
      const wanted = {
        name: request.params.name,
        sourceVolumeId: idOf(volume),
        labels: pairsOf("label", label),
      };
      const snapshot = await engine.createSnapshot(wanted, callContext(request, reply));
      return await reply.code(201).send(snapshotAnswer(snapshot));
    },
  );
  server.get(
    "/snapshot/:id",
    {
      schema: {
        operationId: "getSnapshot",
        summary: "Get a snapshot by id or name",
        tags,
        params: Type.Object({ id: IdOrName }),
        response: { 200: wire.SnapshotAnswer, ...failures("NOT_FOUND") },
      },
    },
    async (request, reply) =>
      snapshotAnswer(await engine.getSnapshot(idOf(request.params.id), callContext(request, reply))),
  );
  server.delete(
    "/snapshot/:id",
    {
      schema: {
        operationId: "deleteSnapshot",
        summary: "Delete a snapshot that is in no group",
        description: "A snapshot that is not there is success.",
        tags,
        params: Identified,
        response: { 204: Type.Null(), ...failures("FAILED_PRECONDITION") },
      },
    },
    async (request, reply) => {
      await engine.deleteSnapshot(idOf(request.params.id), callContext(request, reply));
      return await reply.code(204).send(null);
    },
  );
  server.get(
    "/snapshots",
    {
      schema: {
        operationId: "listSnapshots",
        summary: "List snapshots, of all volumes or of one, ordered by id",
        tags,
        querystring: ListQuery,
        response: { 200: wire.SnapshotList, ...failures() },
      },
    },
    async (request, reply) => {
      const { volume } = request.query;
      const source = volume === undefined || volume === "" ? undefined : idOf(volume);
      const page = pageOf(request.query);
      const { items, nextToken } = await engine.listSnapshots(source, page, callContext(request, reply));
      return { snapshots: items.map(snapshotAnswer), next_token: nextToken ?? "" };
    },
  );
  server.get(
    "/snapshot/:id/blocks",
    {
      schema: {
        operationId: "listBlocks",
        summary: "List where a snapshot holds data, or differs from an earlier one",
        description:
          "In ascending order. A page ends after maxEntries blocks; the next begins at next_offset.",
        tags,
        params: Identified,
        querystring: BlockQuery,
        response: { 200: wire.BlockList, ...failures("NOT_FOUND", "OUT_OF_RANGE", "FAILED_PRECONDITION") },
      },
    },
    async (request, reply) => {
      const { base, startingOffset, maxEntries } = request.query;
      const page = await engine.blocks(
        idOf(request.params.id),
        base === undefined ? undefined : idOf(base),
        bytesOf("startingOffset", startingOffset ?? "0"),
        countOf("maxEntries", maxEntries),
        callContext(request, reply),
      );
      return {
        volume_size: toJsonSize(page.volumeSize),
        blocks: page.blocks.map(({ offset, length }) => ({
          offset: toJsonSize(offset),
          length: toJsonSize(length),
        })),
        next_offset: page.nextOffset === undefined ? null : toJsonSize(page.nextOffset),
      };
    },
  );
}

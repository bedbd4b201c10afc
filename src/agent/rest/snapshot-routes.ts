import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import { StatusError } from "../../kit/errors.ts";
import { toJsonSize } from "../../kit/sizes.ts";
import type { Engine } from "../engine/engine.ts";
import { groupAnswer, snapshotAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { idOf } from "./ids.ts";
import { bytesOf, countOf, PageQuery, pageOf, pairsOf } from "./query.ts";
import type { Server } from "./volume-routes.ts";

const Named = Type.Object({ name: Type.String() });
const Identified = Type.Object({ id: Type.String() });
const Texts = Type.Optional(Type.Array(Type.String()));
const OneVolume = Type.Object({ volume: Type.String(), label: Texts });
const SomeVolumes = Type.Object({ volume: Texts, label: Texts });
const OfVolume = Type.Intersect([PageQuery, Type.Object({ volume: Type.Optional(Type.String()) })]);
const BlockQuery = Type.Object({
  base: Type.Optional(Type.String()),
  startingoffset: Type.Optional(Type.String()),
  maxentries: Type.Optional(Type.String()),
});

/** Snapshots, groups of them, and what they hold. */
export function snapshotRoutes(server: Server, engine: Engine): void {
  server.post(
    "/snapshot/:name",
    { schema: { params: Named, querystring: OneVolume, response: { 201: wire.SnapshotAnswer } } },
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
    { schema: { params: Identified, response: { 200: wire.SnapshotAnswer } } },
    async (request, reply) =>
      snapshotAnswer(await engine.getSnapshot(idOf(request.params.id), callContext(request, reply))),
  );
  server.delete("/snapshot/:id", { schema: { params: Identified } }, async (request, reply) => {
    await engine.deleteSnapshot(idOf(request.params.id), callContext(request, reply));
    return await reply.code(204).send();
  });
  server.get(
    "/snapshots",
    { schema: { querystring: OfVolume, response: { 200: wire.SnapshotList } } },
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
    { schema: { params: Identified, querystring: BlockQuery, response: { 200: wire.BlockList } } },
    async (request, reply) => {
      const { base, startingoffset, maxentries } = request.query;
      const page = await engine.blocks(
        idOf(request.params.id),
        base === undefined ? undefined : idOf(base),
        bytesOf("startingOffset", startingoffset ?? "0"),
        countOf("maxEntries", maxentries),
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
  groupRoutes(server, engine);
}

function groupRoutes(server: Server, engine: Engine): void {
  server.post(
    "/snapshotgroup/:name",
    { schema: { params: Named, querystring: SomeVolumes, response: { 201: wire.SnapshotGroupAnswer } } },
    async (request, reply) => {
      const { volume = [], label } = request.query;
      if (volume.length === 0) throw new StatusError("INVALID_ARGUMENT", "volume is missing");
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
    { schema: { params: Identified, response: { 200: wire.SnapshotGroupAnswer } } },
    async (request, reply) =>
      groupAnswer(await engine.getSnapshotGroup(idOf(request.params.id), callContext(request, reply))),
  );
  server.delete("/snapshotgroup/:id", { schema: { params: Identified } }, async (request, reply) => {
    await engine.deleteSnapshotGroup(idOf(request.params.id), callContext(request, reply));
    return await reply.code(204).send();
  });
  server.get(
    "/snapshotgroups",
    { schema: { response: { 200: wire.SnapshotGroupList } } },
    async (request, reply) => {
      const groups = await engine.listSnapshotGroups(callContext(request, reply));
      return { groups: groups.map(groupAnswer) };
    },
  );
}

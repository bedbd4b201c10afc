import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Static, Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import { StatusError } from "../../kit/errors.ts";
import { toJsonSize } from "../../kit/sizes.ts";
import type { Engine } from "../engine/engine.ts";
import type { ContentSource, Expansion, NewVolume } from "../engine/model.ts";
import { volumeAnswer, volumeList } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { failures } from "./describe.ts";
import { idOf } from "./ids.ts";
import { Bytes, FileName, Id, IdOrName, Keys, Pairs, PoolName, VolumeName } from "./params.ts";
import { bytesOf, pageOf, pageQuery, pairsOf, rangeOf } from "./query.ts";

export type Server = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

const tags = ["Volumes"];
const Named = Type.Object({ name: VolumeName });
const Identified = Type.Object({ volid: Id });
/** `limit` is ours: any size up to it will do. */
const SizeQuery = Type.Object({ size: Bytes, limit: Type.Optional(Bytes) });
const CreateQuery = Type.Object({
  size: Type.Optional(Bytes),
  limit: Type.Optional(Bytes),
  pool: Type.Optional(PoolName),
  type: Type.Optional(
    Type.String({ pattern: "^(fixed|dynamic)$", description: "fixed or dynamic", examples: ["dynamic"] }),
  ),
  blockSize: Type.Optional(Bytes),
  fileName: Type.Optional(FileName),
  sourceVolume: Type.Optional(Id),
  sourceSnapshot: Type.Optional(Id),
  label: Type.Optional(Pairs),
  attribute: Type.Optional(Pairs),
});
const ModifyQuery = Type.Object({
  label: Type.Optional(Pairs),
  unlabel: Type.Optional(Keys),
  attribute: Type.Optional(Pairs),
});

const create = {
  tags,
  description:
    "The same request again answers with the same volume. Sizes are rounded up to what the disk can have.",
  response: {
    201: wire.VolumeAnswer,
    ...failures("ALREADY_EXISTS", "NOT_FOUND", "RESOURCE_EXHAUSTED", "OUT_OF_RANGE", "FAILED_PRECONDITION"),
  },
};
const expand = {
  tags,
  description: "Never shrinks: a size that the volume has already is success.",
  response: {
    200: wire.ExpandAnswer,
    ...failures("NOT_FOUND", "OUT_OF_RANGE", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"),
  },
};

/** Create, get, delete, list, expand and modify, with the routes of the Go implementation beside the documented ones. */
export function volumeRoutes(server: Server, engine: Engine): void {
  server.post(
    "/volume/:name",
    {
      schema: {
        ...create,
        operationId: "createVolume",
        summary: "Create a volume",
        params: Named,
        querystring: CreateQuery,
      },
    },
    async (request, reply) => {
      const wanted = newVolume(request.params.name, request.query);
      const volume = await engine.createVolume(wanted, callContext(request, reply));
      return await reply.code(201).send(volumeAnswer(volume));
    },
  );
  server.post(
    "/volume/:name/size/:size",
    {
      schema: {
        ...create,
        operationId: "createVolumeOfSize",
        summary: "Create a volume, in another spelling",
        params: Type.Object({ name: VolumeName, size: Bytes }),
      },
    },
    async (request, reply) => {
      const { name, size } = request.params;
      const volume = await engine.createVolume(newVolume(name, { size }), callContext(request, reply));
      return await reply.code(201).send(volumeAnswer(volume));
    },
  );
  server.get(
    "/volume/:volid",
    {
      schema: {
        operationId: "getVolume",
        summary: "Get a volume by id or name",
        tags,
        params: Type.Object({ volid: IdOrName }),
        response: { 200: wire.VolumeAnswer, ...failures("NOT_FOUND") },
      },
    },
    async (request, reply) =>
      volumeAnswer(await engine.getVolume(idOf(request.params.volid), callContext(request, reply))),
  );
  server.delete(
    "/volume/:volid",
    {
      schema: {
        operationId: "deleteVolume",
        summary: "Delete a volume that nothing is attached to",
        description: "A volume that is not there is success.",
        tags,
        params: Identified,
        response: { 204: Type.Null(), ...failures("FAILED_PRECONDITION") },
      },
    },
    async (request, reply) => {
      await engine.deleteVolume(idOf(request.params.volid), callContext(request, reply));
      return await reply.code(204).send(null);
    },
  );
  server.put(
    "/volume/:volid",
    {
      schema: {
        ...expand,
        operationId: "expandVolume",
        summary: "Grow a volume",
        params: Identified,
        querystring: SizeQuery,
      },
    },
    async (request, reply) => {
      const { size, limit } = request.query;
      const id = idOf(request.params.volid);
      return expansion(await engine.expandVolume(id, rangeOf(size, limit), callContext(request, reply)));
    },
  );
  server.put(
    "/volume/:volid/size/:size",
    {
      schema: {
        ...expand,
        operationId: "expandVolumeToSize",
        summary: "Grow a volume, in another spelling",
        params: Type.Object({ volid: Id, size: Bytes }),
      },
    },
    async (request, reply) => {
      const { volid, size } = request.params;
      const range = rangeOf(size, undefined);
      return expansion(await engine.expandVolume(idOf(volid), range, callContext(request, reply)));
    },
  );
  server.patch(
    "/volume/:volid",
    {
      schema: {
        operationId: "modifyVolume",
        summary: "Change a volume's labels and attributes",
        tags,
        params: Identified,
        querystring: ModifyQuery,
        response: { 200: wire.VolumeAnswer, ...failures("NOT_FOUND", "FAILED_PRECONDITION") },
      },
    },
    async (request, reply) => {
      const { label, unlabel = [], attribute } = request.query;
      const change = {
        labels: { ...pairsOf("label", label), ...Object.fromEntries(unlabel.map((key) => [key, null])) },
        attributes: pairsOf("attribute", attribute),
      };
      const id = idOf(request.params.volid);
      return volumeAnswer(await engine.modifyVolume(id, change, callContext(request, reply)));
    },
  );
  server.get(
    "/volumes",
    {
      schema: {
        operationId: "listVolumes",
        summary: "List volumes, ordered by id",
        tags,
        querystring: Type.Object(pageQuery),
        response: { 200: wire.VolumeList, ...failures() },
      },
    },
    async (request, reply) =>
      volumeList(await engine.listVolumes(pageOf(request.query), callContext(request, reply))),
  );
}

function expansion({ size, nodeExpansionRequired }: Expansion): wire.ExpandAnswer {
  return { CapacityBytes: toJsonSize(size), NodeExpansionRequired: nodeExpansionRequired };
}

function newVolume(name: string, query: Static<typeof CreateQuery>): NewVolume {
  const { size, limit, pool, type, blockSize, fileName } = query;
  return {
    name,
    size: size === undefined ? undefined : rangeOf(size, limit),
    pool,
    type: type as NewVolume["type"],
    blockSize: blockSize === undefined ? undefined : bytesOf("blockSize", blockSize),
    fileName,
    source: sourceOf(query),
    labels: pairsOf("label", query.label),
    attributes: pairsOf("attribute", query.attribute),
  };
}

function sourceOf({ sourceVolume, sourceSnapshot }: Static<typeof CreateQuery>): ContentSource | undefined {
  if (sourceVolume !== undefined && sourceSnapshot !== undefined) {
    throw new StatusError("INVALID_ARGUMENT", "a volume has one source: sourceVolume or sourceSnapshot");
  }
  if (sourceVolume !== undefined) return { kind: "volume", id: idOf(sourceVolume) };
  return sourceSnapshot === undefined ? undefined : { kind: "snapshot", id: idOf(sourceSnapshot) };
}

import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance, RawServerDefault } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { Type, type Static } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import { StatusError } from "../../kit/errors.ts";
import { toJsonSize } from "../../kit/sizes.ts";
import type { Engine } from "../engine/engine.ts";
import type { ContentSource, NewVolume } from "../engine/model.ts";
import { volumeAnswer, volumeList } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { idOf } from "./ids.ts";
import { PageQuery, pageOf, pairsOf, rangeOf } from "./query.ts";

export type Server = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

const Size = Type.Object({ size: Type.String() });
const Texts = Type.Optional(Type.Array(Type.String()));
/** `limit` is ours: any size up to it will do. */
const SizeQuery = Type.Object({ size: Type.String(), limit: Type.Optional(Type.String()) });
const CreateQuery = Type.Object({
  size: Type.Optional(Type.String()),
  limit: Type.Optional(Type.String()),
  pool: Type.Optional(Type.String()),
  type: Type.Optional(Type.String()),
  sourcevolume: Type.Optional(Type.String()),
  sourcesnapshot: Type.Optional(Type.String()),
  label: Texts,
  attribute: Texts,
});
const ModifyQuery = Type.Object({ label: Texts, unlabel: Texts, attribute: Texts });
const Named = Type.Object({ name: Type.String() });
const Identified = Type.Object({ volid: Type.String() });

/** Create, get, delete, list, expand and modify, with the routes of the Go implementation beside the documented ones. */
export function volumeRoutes(server: Server, engine: Engine): void {
  server.post(
    "/volume/:name",
    { schema: { params: Named, querystring: CreateQuery, response: { 201: wire.VolumeAnswer } } },
    async (request, reply) => {
      const wanted = newVolume(request.params.name, request.query);
      const volume = await engine.createVolume(wanted, callContext(request, reply));
      return await reply.code(201).send(volumeAnswer(volume));
    },
  );
  server.post(
    "/volume/:name/size/:size",
    { schema: { params: Type.Intersect([Named, Size]), response: { 201: wire.VolumeAnswer } } },
    async (request, reply) => {
      const { name, size } = request.params;
      const volume = await engine.createVolume(newVolume(name, { size }), callContext(request, reply));
      return await reply.code(201).send(volumeAnswer(volume));
    },
  );
  server.get(
    "/volume/:volid",
    { schema: { params: Identified, response: { 200: wire.VolumeAnswer } } },
    async (request, reply) =>
      volumeAnswer(await engine.getVolume(idOf(request.params.volid), callContext(request, reply))),
  );
  server.delete("/volume/:volid", { schema: { params: Identified } }, async (request, reply) => {
    await engine.deleteVolume(idOf(request.params.volid), callContext(request, reply));
    return await reply.code(204).send();
  });
  server.put(
    "/volume/:volid",
    { schema: { params: Identified, querystring: SizeQuery, response: { 200: wire.ExpandAnswer } } },
    async (request, reply) => {
      const { size, limit } = request.query;
      const grown = await engine.expandVolume(
        idOf(request.params.volid),
        rangeOf(size, limit),
        callContext(request, reply),
      );
      return { CapacityBytes: toJsonSize(grown.size), NodeExpansionRequired: grown.nodeExpansionRequired };
    },
  );
  server.put(
    "/volume/:volid/size/:size",
    { schema: { params: Type.Intersect([Identified, Size]), response: { 200: wire.ExpandAnswer } } },
    async (request, reply) => {
      const { volid, size } = request.params;
      const grown = await engine.expandVolume(
        idOf(volid),
        rangeOf(size, undefined),
        callContext(request, reply),
      );
      return { CapacityBytes: toJsonSize(grown.size), NodeExpansionRequired: grown.nodeExpansionRequired };
    },
  );
  server.patch(
    "/volume/:volid",
    { schema: { params: Identified, querystring: ModifyQuery, response: { 200: wire.VolumeAnswer } } },
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
    { schema: { querystring: PageQuery, response: { 200: wire.VolumeList } } },
    async (request, reply) =>
      volumeList(await engine.listVolumes(pageOf(request.query), callContext(request, reply))),
  );
}

function newVolume(name: string, query: Static<typeof CreateQuery>): NewVolume {
  const { size, limit, pool, type } = query;
  return {
    name,
    size: size === undefined ? undefined : rangeOf(size, limit),
    pool,
    type: typeOf(type),
    source: sourceOf(query),
    labels: pairsOf("label", query.label),
    attributes: pairsOf("attribute", query.attribute),
  };
}

function typeOf(text: string | undefined): NewVolume["type"] {
  if (text === undefined || text === "fixed" || text === "dynamic") return text;
  throw new StatusError("INVALID_ARGUMENT", "type is neither fixed nor dynamic");
}

function sourceOf({ sourcevolume, sourcesnapshot }: Static<typeof CreateQuery>): ContentSource | undefined {
  if (sourcevolume !== undefined && sourcesnapshot !== undefined) {
    throw new StatusError("INVALID_ARGUMENT", "a volume has one source: sourceVolume or sourceSnapshot");
  }
  if (sourcevolume !== undefined) return { kind: "volume", id: idOf(sourcevolume) };
  return sourcesnapshot === undefined ? undefined : { kind: "snapshot", id: idOf(sourcesnapshot) };
}

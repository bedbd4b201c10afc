import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyInstance, RawServerDefault } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger } from "fastify";
import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import { StatusError } from "../../kit/errors.ts";
import { parseInt64, toJsonSize } from "../../kit/sizes.ts";
import type { Engine, SizeRange, Volume, VolumePage } from "../engine/engine.ts";
import { callContext } from "./call-context.ts";
import { idOf } from "./ids.ts";

export type Server = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

const Size = Type.Object({ size: Type.String() });
/** `limit` is ours: any size up to it will do. */
const SizeQuery = Type.Object({ size: Type.String(), limit: Type.Optional(Type.String()) });
const Named = Type.Object({ name: Type.String() });
const Identified = Type.Object({ volid: Type.String() });

/** Create, get, delete, list and expand, with the routes of the Go implementation beside the documented ones. */
export function volumeRoutes(server: Server, engine: Engine): void {
  server.post(
    "/volume/:name",
    { schema: { params: Named, querystring: SizeQuery, response: { 201: wire.VolumeAnswer } } },
    async (request, reply) => {
      const { params, query } = request;
      const volume = await engine.createVolume(
        params.name,
        rangeOf(query.size, query.limit),
        callContext(request, reply),
      );
      return await reply.code(201).send(volumeAnswer(volume));
    },
  );
  server.post(
    "/volume/:name/size/:size",
    { schema: { params: Type.Intersect([Named, Size]), response: { 201: wire.VolumeAnswer } } },
    async (request, reply) => {
      const { name, size } = request.params;
      const volume = await engine.createVolume(name, rangeOf(size, undefined), callContext(request, reply));
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
      const { params, query } = request;
      const grown = await engine.expandVolume(
        idOf(params.volid),
        rangeOf(query.size, query.limit),
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
  server.get(
    "/volumes",
    {
      schema: {
        querystring: Type.Object({
          maxentries: Type.Optional(Type.String()),
          nexttoken: Type.Optional(Type.String()),
        }),
        response: { 200: wire.VolumeList },
      },
    },
    async (request, reply) => {
      const { maxentries, nexttoken } = request.query;
      const token = nexttoken === "" ? undefined : nexttoken;
      return volumeList(await engine.listVolumes(entriesOf(maxentries), token, callContext(request, reply)));
    },
  );
}

function rangeOf(size: string, limit: string | undefined): SizeRange {
  return {
    required: bytesOf("size", size),
    limit: limit === undefined ? undefined : bytesOf("limit", limit),
  };
}

function bytesOf(name: string, text: string): bigint {
  const bytes = parseInt64(text);
  if (bytes !== undefined) return bytes;
  throw new StatusError("INVALID_ARGUMENT", `${name} is not a whole number of bytes below 2^63`);
}

function entriesOf(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new StatusError("INVALID_ARGUMENT", "maxEntries is not a whole number from 0 to 999999999");
}

function volumeAnswer({ name, id, size }: Volume): wire.VolumeAnswer {
  return { name, id, size: toJsonSize(size) };
}

function volumeList({ volumes, nextToken }: VolumePage): wire.VolumeList {
  return {
    volumes: volumes.map(({ path, name, size, id, attachments }) => ({
      Path: path,
      Name: name,
      Size: toJsonSize(size),
      DiskIdentifier: id,
      Host: attachments[0]?.vmId ?? null,
      Hosts: attachments.map(({ vmId }) => vmId),
    })),
    next_token: nextToken ?? "",
  };
}

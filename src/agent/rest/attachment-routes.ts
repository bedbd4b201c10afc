import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import type { Engine } from "../engine/engine.ts";
import { attachmentAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { idOf } from "./ids.ts";
import { flagOf } from "./query.ts";
import type { Server } from "./volume-routes.ts";

const Place = Type.Object({ nodeid: Type.String(), volid: Type.String() });
const Access = Type.Object({
  readonly: Type.Optional(Type.String()),
  mountpoint: Type.Optional(Type.String()),
});
const attachAnswers = { 200: wire.AttachmentAnswer, 204: Type.Null() };

/** Attach and detach, documented and in the Go implementation's spelling, and what a volume is attached to. */
export function attachmentRoutes(server: Server, engine: Engine): void {
  for (const url of ["/attachment/node/:nodeid/volume/:volid", "/attachment/:nodeid/volume/:volid"]) {
    server.put(
      url,
      { schema: { params: Place, querystring: Access, response: attachAnswers } },
      async (request, reply) => {
        const { nodeid, volid } = request.params;
        const { readonly, mountpoint } = request.query;
        const attachment = await engine.attach(
          idOf(nodeid),
          idOf(volid),
          flagOf("readonly", readonly),
          mountpoint,
          callContext(request, reply),
        );
        // The documented answer is empty; who asks for the disk address (RFC 7240) saves a request.
        if (request.headers["prefer"] === "return=representation") return attachmentAnswer(attachment);
        return await reply.code(204).send(null);
      },
    );
    server.delete(url, { schema: { params: Place } }, async (request, reply) => {
      const { nodeid, volid } = request.params;
      await engine.detach(idOf(nodeid), idOf(volid), callContext(request, reply));
      return await reply.code(204).send();
    });
  }
  server.get(
    "/volume/:volid/attachments",
    { schema: { params: Type.Object({ volid: Type.String() }), response: { 200: wire.AttachmentList } } },
    async (request, reply) => {
      const attachments = await engine.attachmentsOf(idOf(request.params.volid), callContext(request, reply));
      return { Attachments: attachments.map(attachmentAnswer) };
    },
  );
}

import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import type { Engine } from "../engine/engine.ts";
import { attachmentAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { failures } from "./describe.ts";
import { idOf } from "./ids.ts";
import { Flag, Id } from "./params.ts";
import { flagOf } from "./query.ts";
import type { Server } from "./volume-routes.ts";

const tags = ["Attachments"];
const Place = Type.Object({ nodeid: Id, volid: Id });
const Access = Type.Object({
  readonly: Type.Optional(Flag),
  mountPoint: Type.Optional(
    Type.String({ description: "a path for people, kept with the attachment", examples: ["/data"] }),
  ),
});

const Detaching = Type.Object({ onlyWhenOff: Type.Optional(Flag) });

/** Attach and detach, documented and in the Go implementation's spelling, and what a volume is attached to. */
export function attachmentRoutes(server: Server, engine: Engine): void {
  for (const { url, ending, note } of [
    { url: "/attachment/node/:nodeid/volume/:volid", ending: "", note: "" },
    { url: "/attachment/:nodeid/volume/:volid", ending: "ToNode", note: ", in another spelling" },
  ]) {
    server.put(
      url,
      {
        schema: {
          operationId: `attachVolume${ending}`,
          summary: `Attach a volume to a VM${note}`,
          description:
            "The same request again is success. With `Prefer: return=representation` the answer is the attachment.",
          tags,
          params: Place,
          querystring: Access,
          response: {
            200: wire.AttachmentAnswer,
            204: Type.Null(),
            ...failures("NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "RESOURCE_EXHAUSTED"),
          },
        },
      },
      async (request, reply) => {
        const { nodeid, volid } = request.params;
        const { readonly, mountPoint } = request.query;
        const attachment = await engine.attach(
          idOf(nodeid),
          idOf(volid),
          flagOf("readonly", readonly),
          mountPoint,
          callContext(request, reply),
        );
        // The documented answer is empty; who asks for the disk address (RFC 7240) saves a request.
        if (request.headers["prefer"] === "return=representation") return attachmentAnswer(attachment);
        return await reply.code(204).send(null);
      },
    );
    server.delete(
      url,
      {
        schema: {
          operationId: `detachVolume${ending}`,
          summary: `Detach a volume from a VM${note}`,
          description:
            "A volume or VM that is gone, or not attached, is success. With onlyWhenOff the volume stays attached unless " +
            "the VM is off, which is looked at right before the change.",
          tags,
          params: Place,
          querystring: Detaching,
          response: { 204: Type.Null(), ...failures("FAILED_PRECONDITION") },
        },
      },
      async (request, reply) => {
        const { nodeid, volid } = request.params;
        const onlyWhenOff = flagOf("onlyWhenOff", request.query.onlyWhenOff);
        await engine.detach(idOf(nodeid), idOf(volid), callContext(request, reply), onlyWhenOff);
        return await reply.code(204).send(null);
      },
    );
  }
  server.get(
    "/volume/:volid/attachments",
    {
      schema: {
        operationId: "listAttachments",
        summary: "List the VMs that have a volume",
        tags,
        params: Type.Object({ volid: Id }),
        response: { 200: wire.AttachmentList, ...failures("NOT_FOUND") },
      },
    },
    async (request, reply) => {
      const attachments = await engine.attachmentsOf(idOf(request.params.volid), callContext(request, reply));
      return { Attachments: attachments.map(attachmentAnswer) };
    },
  );
}

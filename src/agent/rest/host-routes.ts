import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import { StatusError } from "../../kit/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { vmAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { idOf } from "./ids.ts";
import type { Server } from "./volume-routes.ts";

const Identified = Type.Object({ id: Type.Optional(Type.String()), nodeid: Type.Optional(Type.String()) });

/** VMs. */
export function hostRoutes(server: Server, engine: Engine): void {
  server.get("/vms", { schema: { response: { 200: wire.VmList } } }, async (request, reply) => {
    const vms = await engine.listVms(callContext(request, reply));
    return { VMs: vms.map(vmAnswer) };
  });
  server.get(
    "/vm/:id",
    { schema: { params: Type.Object({ id: Type.String() }), response: { 200: wire.VmAnswer } } },
    async (request, reply) =>
      vmAnswer(await engine.getVm(idOf(request.params.id), callContext(request, reply))),
  );
  // The Go implementation's route.
  server.get(
    "/vm",
    { schema: { querystring: Identified, response: { 200: wire.VmAnswer } } },
    async (request, reply) => {
      const id = request.query.id ?? request.query.nodeid;
      if (id === undefined) throw new StatusError("INVALID_ARGUMENT", "id is missing");
      return vmAnswer(await engine.getVm(idOf(id), callContext(request, reply)));
    },
  );
}

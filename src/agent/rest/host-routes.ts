import { Type } from "typebox";
import * as wire from "../../agent-client/wire.ts";
import { StatusError } from "../../kit/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { vmAnswer } from "./answers.ts";
import { callContext } from "./call-context.ts";
import { failures } from "./describe.ts";
import { idOf } from "./ids.ts";
import { Id } from "./params.ts";
import type { Server } from "./volume-routes.ts";

const tags = ["VMs"];
const one = { 200: wire.VmAnswer, ...failures("NOT_FOUND") };

/** VMs. */
export function hostRoutes(server: Server, engine: Engine): void {
  server.get(
    "/vms",
    {
      schema: {
        operationId: "listVms",
        summary: "List the host's VMs",
        tags,
        response: { 200: wire.VmList, ...failures() },
      },
    },
    async (request, reply) => {
      const vms = await engine.listVms(callContext(request, reply));
      return { VMs: vms.map(vmAnswer) };
    },
  );
  server.get(
    "/vm/:id",
    {
      schema: {
        operationId: "getVm",
        summary: "Get a VM",
        tags,
        params: Type.Object({ id: Id }),
        response: one,
      },
    },
    async (request, reply) =>
      vmAnswer(await engine.getVm(idOf(request.params.id), callContext(request, reply))),
  );
  // The Go implementation's route.
  server.get(
    "/vm",
    {
      schema: {
        operationId: "getVmByQuery",
        summary: "Get a VM, in another spelling",
        tags,
        querystring: Type.Object({ id: Type.Optional(Id), nodeId: Type.Optional(Id) }),
        response: one,
      },
    },
    async (request, reply) => {
      const id = request.query.id ?? request.query.nodeId;
      if (id === undefined) throw new StatusError("INVALID_ARGUMENT", "id is missing");
      return vmAnswer(await engine.getVm(idOf(id), callContext(request, reply)));
    },
  );
}

import { randomUUID } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { BUDGET_HEADER, REQUEST_ID_HEADER } from "../../agent-client/headers.ts";
import { startBudget } from "../../kit/budget.ts";
import { DEFAULT_BUDGET_MS, shrinkBudget } from "../../kit/deadline.ts";
import type { CallContext } from "../engine/engine.ts";

/** Ends the wait of a REST call when its caller's budget is spent or the caller is gone. */
export function callContext(request: FastifyRequest, reply: FastifyReply): CallContext {
  const budget = startBudget(shrinkBudget(budgetOf(request)));
  reply.raw.once("close", () => {
    if (reply.raw.writableFinished) budget.done();
    else budget.cancel();
  });
  const { accessKey, ip } = request;
  const caller = accessKey === null ? {} : { caller: `${accessKey.name}@${ip}` };
  return { signal: budget.signal, requestId: requestIdOf(request), ...caller };
}

function budgetOf(request: FastifyRequest): number {
  const budget = Number(request.headers[BUDGET_HEADER]);
  return budget > 0 && budget < DEFAULT_BUDGET_MS ? budget : DEFAULT_BUDGET_MS;
}

/** The caller's name for the request, when it can stand in a log as it is. */
function requestIdOf(request: FastifyRequest): string {
  const sent = request.headers[REQUEST_ID_HEADER];
  return typeof sent === "string" && /^[\w.-]{1,64}$/.test(sent) ? sent : randomUUID();
}

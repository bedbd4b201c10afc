import { StatusError } from "../../kit/errors.ts";
import type { AgentPlace } from "./profiles.ts";

/** What to do about a connection that came to nothing, by the reason at the end of its error. */
const advices: readonly (readonly [RegExp, string])[] = [
  [/: ECONNREFUSED$/, "does it run there?"],
  [/: (ENOTFOUND|EAI_AGAIN)$/, "is the host's name right?"],
  [/: EPROTO$/, "does it serve http:// there?"],
  [/: CERT_HAS_EXPIRED$/, "renew the agent's certificate"],
  [/: ERR_TLS_CERT_ALTNAME_INVALID$/, "use an address that its certificate names"],
];

/** A failure with what an operator can do about it, where only this side knows. */
export function advised(thrown: unknown, { keyFile }: AgentPlace): unknown {
  if (!(thrown instanceof StatusError)) return thrown;
  const advice =
    thrown.code === "UNAUTHENTICATED" || thrown.code === "PERMISSION_DENIED"
      ? `the key came from ${keyFile}`
      : advices.find(([reason]) => thrown.code === "UNAVAILABLE" && reason.test(thrown.message))?.[1];
  return advice === undefined ? thrown : new StatusError(thrown.code, `${thrown.message}; ${advice}`, thrown);
}

import { StatusError } from "../errors.ts";

/**
 * A worker speaks the protocol of the program that started it, or is not used: both come together.
 * @param refusal tells both versions, and how they become one
 * @throws StatusError FAILED_PRECONDITION
 */
export function requireProtocol(said: number, known: number, refusal: string): void {
  if (said !== known) throw new StatusError("FAILED_PRECONDITION", refusal);
}

import { expect } from "chai";
import { StatusError, type ErrorCode } from "../../src/kit/errors.ts";
import { rejection } from "./failure.ts";

/** Passes when `work` fails with this code, as an edge would report it, and a message that matches. */
export async function refused(
  work: Promise<unknown>,
  code: ErrorCode,
  message: RegExp | string = "",
): Promise<StatusError> {
  const error = StatusError.from(await rejection(work));
  expect(error.code, error.message).to.equal(code);
  if (typeof message === "string") expect(error.message).to.include(message);
  else expect(error.message).to.match(message);
  return error;
}

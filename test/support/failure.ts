import { expect } from "chai";
import { StatusError, type ErrorCode } from "../../src/kit/errors.ts";

/** What a promise rejects with; fails when it resolves. */
export async function rejection(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** The StatusError that a promise rejects with; fails for anything else. */
export async function failureOf(work: Promise<unknown>): Promise<StatusError> {
  const error = await rejection(work);
  if (!(error instanceof StatusError)) throw error;
  return error;
}

/** Passes when the promise rejects with a StatusError of this code whose message matches. */
export async function expectFailure(
  work: Promise<unknown>,
  code: ErrorCode,
  message = /./,
): Promise<StatusError> {
  const error = await failureOf(work);
  expect(`${error.code}: ${error.message}`).to.match(new RegExp(`^${code}: `));
  expect(error.message).to.match(message);
  return error;
}

/** The StatusError that a function throws; fails for anything else. */
export function thrownBy(work: () => unknown): StatusError {
  try {
    work();
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** How a call ended: its error's code, or OK. */
export async function codeOf(work: Promise<unknown>): Promise<ErrorCode | "OK"> {
  try {
    await work;
    return "OK";
  } catch (error) {
    return StatusError.from(error).code;
  }
}

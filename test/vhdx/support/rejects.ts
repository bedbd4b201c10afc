import { expect } from "chai";
import { VhdxError } from "../../../src/vhdx/error.ts";

/** The error a promise rejects with; fails when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** Passes when the promise rejects with a VhdxError about `structure` whose message matches. */
export async function expectVhdxError(
  promise: Promise<unknown>,
  structure: string,
  message = /./,
): Promise<VhdxError> {
  const error = await rejection(promise);
  expect(error).to.be.instanceOf(VhdxError);
  const vhdxError = error as VhdxError;
  expect(vhdxError.structure).to.equal(structure);
  expect(vhdxError.message).to.match(message);
  return vhdxError;
}

import { once } from "node:events";
import { open } from "node:fs/promises";
import { status } from "@grpc/grpc-js";
import { expect } from "chai";
import fc from "fast-check";
import {
  errorCodeOfGrpc,
  errorTable,
  hasErrno,
  isNotFound,
  StatusError,
  type ErrorCode,
} from "../../src/kit/errors.ts";
import { rejection } from "../support/failure.ts";

const codes = Object.keys(errorTable) as ErrorCode[];

describe("kit error table", () => {
  it("has gRPC's codes, all but OK, with gRPC's numbers", () => {
    const grpc = Object.fromEntries(codes.map((code) => [code, errorTable[code].grpc]));
    const named = Object.entries(status).filter(
      ([name, value]) => typeof value === "number" && name !== "OK",
    );
    expect(grpc).to.deep.equal(Object.fromEntries(named));
  });

  it("has an HTTP error status for each", () => {
    for (const code of codes) expect(errorTable[code].http, code).to.be.within(400, 599);
  });

  it("has the HTTP statuses that clients of the volume service API know", () => {
    const known: Partial<Record<ErrorCode, number>> = {
      INVALID_ARGUMENT: 400,
      OUT_OF_RANGE: 400,
      UNAUTHENTICATED: 401,
      PERMISSION_DENIED: 403,
      NOT_FOUND: 404,
      ALREADY_EXISTS: 409,
      FAILED_PRECONDITION: 412,
      UNIMPLEMENTED: 501,
      UNAVAILABLE: 503,
      DEADLINE_EXCEEDED: 504,
    };
    for (const code of Object.keys(known) as ErrorCode[])
      expect(errorTable[code].http, code).to.equal(known[code]);
  });

  it("tells what may be repeated from what can't succeed", () => {
    for (const code of ["UNAVAILABLE", "ABORTED", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED"] as const) {
      expect(errorTable[code].retryable, code).to.equal(true);
    }
    for (const code of [
      "INVALID_ARGUMENT",
      "NOT_FOUND",
      "ALREADY_EXISTS",
      "UNIMPLEMENTED",
      "DATA_LOSS",
    ] as const) {
      expect(errorTable[code].retryable, code).to.equal(false);
    }
  });

  it("is found by number, and UNKNOWN by any other", () => {
    for (const code of codes) expect(errorCodeOfGrpc(errorTable[code].grpc)).to.equal(code);
    fc.assert(
      fc.property(fc.integer(), (number) => {
        if (number < 1 || number > 16) expect(errorCodeOfGrpc(number)).to.equal("UNKNOWN");
      }),
    );
  });
});

describe("kit StatusError.from", () => {
  it("leaves a StatusError as it is", () => {
    const error = new StatusError("ABORTED", "x");
    expect(StatusError.from(error)).to.equal(error);
  });

  it("keeps message and cause", () => {
    for (const thrown of [new Error("x"), new TypeError("x"), new DOMException("x", "AbortError")]) {
      const error = StatusError.from(thrown);
      expect(error)
        .to.be.instanceOf(StatusError)
        .and.to.include({ name: "StatusError", message: "x", cause: thrown });
    }
  });

  it("tells the end of a deadline from a hang-up", async () => {
    const timedOut = AbortSignal.timeout(1);
    if (!timedOut.aborted) await once(timedOut, "abort");
    expect(StatusError.from(timedOut.reason).code).to.equal("DEADLINE_EXCEEDED");
    expect(StatusError.from(AbortSignal.abort().reason).code).to.equal("CANCELLED");
  });

  for (const [errno, code] of [
    ["ENOSPC", "RESOURCE_EXHAUSTED"],
    ["EDQUOT", "RESOURCE_EXHAUSTED"],
    ["EMFILE", "RESOURCE_EXHAUSTED"],
    ["EFBIG", "OUT_OF_RANGE"],
    ["EROFS", "UNAVAILABLE"],
    ["EIO", "UNAVAILABLE"],
    ["ESTALE", "UNAVAILABLE"],
    ["EBUSY", "FAILED_PRECONDITION"],
    ["ENAMETOOLONG", "INVALID_ARGUMENT"],
    ["ENOENT", "INTERNAL"],
    ["EEXIST", "INTERNAL"],
    ["toString", "INTERNAL"],
    ["__proto__", "INTERNAL"],
  ] as const) {
    it(`takes ${errno} for ${code}`, () => {
      expect(StatusError.from(Object.assign(new Error("x"), { code: errno })).code).to.equal(code);
    });
  }

  it("takes a code that is a number for none", () => {
    expect(StatusError.from(Object.assign(new Error("x"), { code: 5 })).code).to.equal("INTERNAL");
  });

  it("makes an error of whatever was thrown", () => {
    for (const thrown of [Object.create(null) as unknown, { toString: 1, valueOf: 1 }, Symbol("x"), 7n]) {
      expect(StatusError.from(thrown)).to.include({ code: "INTERNAL", cause: thrown });
    }
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (thrown) => {
        const error = StatusError.from(thrown);
        expect(error.code).to.equal("INTERNAL");
        expect(error.message).to.be.a("string");
        if (thrown !== undefined) expect(Object.is(error.cause, thrown)).to.equal(true);
      }),
    );
  });
});

describe("kit errno", () => {
  it("is found in a system's error", async () => {
    const error = await rejection(open("/no/such/file"));
    expect(isNotFound(error)).to.equal(true);
    expect(hasErrno(error, "EEXIST", "ENOENT")).to.equal(true);
    expect(hasErrno(error, "EEXIST")).to.equal(false);
  });

  it("is nothing else's", () => {
    for (const other of [
      undefined,
      null,
      "ENOENT",
      { code: "ENOENT" },
      new Error("ENOENT"),
      new StatusError("NOT_FOUND", "x"),
    ]) {
      expect(isNotFound(other)).to.equal(false);
    }
  });
});

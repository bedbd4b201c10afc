import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { StatusError } from "../kit/errors.ts";

/** A failure as gRPC sends it. */
export function serviceError(error: StatusError): ServiceError {
  return Object.assign(new Error(error.message), {
    code: status[error.code],
    details: error.message,
    metadata: new Metadata(),
  });
}

import { StatusError } from "../../kit/errors.ts";
import type { Encryption } from "../encryption.ts";

function refuse(): never {
  throw new StatusError(
    "FAILED_PRECONDITION",
    "encrypted volumes are LUKS2, which Windows nodes can't unlock: nothing was written",
  );
}

/** LUKS is Linux'. Volumes without it are unlocked all the time. */
export const noEncryption: Encryption = {
  requireMapper: refuse,
  initialise: () => Promise.reject(new Error("nothing is encrypted on Windows")),
  unlock: () => Promise.reject(new Error("nothing is unlocked on Windows")),
  unlocked: refuse,
  markUsed: () => Promise.resolve(),
  grow: () => Promise.resolve(),
  lock: () => Promise.resolve(),
};

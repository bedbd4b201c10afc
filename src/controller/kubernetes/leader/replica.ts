import { randomUUID } from "node:crypto";
import { hostname } from "node:os";

/** Names this process among all replicas, and tells people which pod it is. */
export function replicaName(): string {
  return `${hostname()}_${randomUUID()}`;
}

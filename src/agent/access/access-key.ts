import { createHash } from "node:crypto";

/** What a key may do: each role includes the one before. */
export const roles = ["read", "operate", "admin"] as const;
export type Role = (typeof roles)[number];

/** A key that clients show, known by its digest alone. */
export interface AccessKey {
  /** What logs and the audit log call it. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the key's text. */
  readonly digest: Buffer;
}

export function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

export function roleAllows(has: Role, needed: Role): boolean {
  return roles.indexOf(has) >= roles.indexOf(needed);
}

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { namespace } from "../driver/install.ts";
import { rightOf } from "./granted.ts";

/** A line of the API server's audit log, as far as it is looked at. */
interface AuditEvent {
  readonly verb: string;
  readonly userAgent?: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

/** What the driver's pods asked of the API server. */
export interface Asked {
  /** `PART RIGHT`, and `any RIGHT`, of what was granted. */
  readonly used: ReadonlySet<string>;
  /** `PART RIGHT` of what was refused. */
  readonly refused: ReadonlySet<string>;
}

const FORBIDDEN = 403;

/** By what a program calls itself. */
const parts: Readonly<Record<string, string>> = {
  "csi-provisioner": "provisioner",
  "csi-attacher": "attacher",
  "csi-resizer": "resizer",
  "csi-snapshotter": "snapshotter",
  "hyperv-csi": "controller",
};

/** Reads the API server's audit log. */
export async function askedRights(auditLog: string): Promise<Asked> {
  const used = new Set<string>();
  const refused = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    const { verb, user, userAgent = "", objectRef, responseStatus } = JSON.parse(line) as AuditEvent;
    if (!user.username.startsWith(`system:serviceaccount:${namespace}:`)) continue;
    if (objectRef?.resource === undefined) continue;
    const { resource, subresource, apiGroup = "" } = objectRef;
    const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
    const part = parts[userAgent.split("/")[0] ?? ""] ?? userAgent;
    const right = rightOf(apiGroup, whole, verb);
    if (responseStatus?.code === FORBIDDEN) refused.add(`${part} ${right}`);
    else used.add(`${part} ${right}`).add(`any ${right}`);
  }
  return { used, refused };
}

import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { namespace } from "../driver/install.ts";

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

const FORBIDDEN = 403;

/** What the driver's pods asked and may not: `csi-provisioner: update snapshot.storage.k8s.io/volumesnapshots`. */
export async function refusedRights(auditLog: string): Promise<string[]> {
  const refused = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(auditLog) })) {
    const { verb, user, userAgent = "", objectRef = {}, responseStatus } = JSON.parse(line) as AuditEvent;
    if (!user.username.startsWith(`system:serviceaccount:${namespace}:`)) continue;
    if (responseStatus?.code !== FORBIDDEN) continue;
    const { apiGroup, resource, subresource } = objectRef;
    const [program] = userAgent.split("/");
    refused.add(`${program}: ${verb} ${[apiGroup, resource, subresource].filter(Boolean).join("/")}`);
  }
  return [...refused].sort();
}

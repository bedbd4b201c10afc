import { StatusError } from "../kit/errors.ts";

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** A volume handle, `<group>/<volume id>`. */
export interface Handle {
  /** Undefined in a bare GUID, the handle of another driver's volumes: any group can have it. */
  readonly group: string | undefined;
  /** Volume id, in lower case. */
  readonly id: string;
}

export function formatHandle(group: string, id: string): string {
  return `${group}/${id}`;
}

/** The handle in `text`; undefined when it can't be one. */
export function parseHandle(text: string): Handle | undefined {
  const slash = text.indexOf("/");
  const group = slash === -1 ? undefined : text.slice(0, slash);
  const id = text.slice(slash + 1);
  if (!GUID.test(id) || (group !== undefined && !DNS_LABEL.test(group))) return undefined;
  return { group, id: id.toLowerCase() };
}

/** @throws StatusError NOT_FOUND for a text that no volume can have as its handle. */
export function requireHandle(text: string): Handle {
  const handle = parseHandle(text);
  if (handle !== undefined) return handle;
  throw new StatusError("NOT_FOUND", `no volume has the id ${JSON.stringify(text.slice(0, 128))}`);
}

/** A CSI node id: the VM id in lower case; undefined when it can't be one. */
export function parseNodeId(text: string): string | undefined {
  return GUID.test(text) ? text.toLowerCase() : undefined;
}

/** True for a name that a group can have: it stands in handles and in topology labels. */
export function isGroupName(text: string): boolean {
  return DNS_LABEL.test(text);
}

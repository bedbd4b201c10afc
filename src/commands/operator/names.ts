import { parseHandle, parseNodeId } from "../../csi/handle.ts";
import { StatusError } from "../../kit/errors.ts";
import type { Session } from "./command.ts";
import { newCall } from "../../agent-client/new-call.ts";

/** The id in a CSI handle, `<group>/<id>`, as a PersistentVolume has it; any other text stays as it is. */
export function withoutGroup(text: string): string {
  return parseHandle(text)?.id ?? text;
}

/** The id of a volume that was named by id, CSI handle or name. */
export async function volumeIdOf({ agent, signal }: Session, wanted: string): Promise<string> {
  return (await newCall(signal, (call) => agent.getVolume(withoutGroup(wanted), call))).id;
}

/** The same, but an id that no volume has any more is taken as it is: snapshots outlive their volume. */
export async function formerVolumeIdOf(session: Session, wanted: string): Promise<string> {
  try {
    return await volumeIdOf(session, wanted);
  } catch (error) {
    const id = parseHandle(wanted)?.id;
    if (id !== undefined && error instanceof StatusError && error.code === "NOT_FOUND") return id;
    throw error;
  }
}

/** The id of a snapshot that was named by id, CSI handle or name. */
export async function snapshotIdOf({ agent, signal }: Session, wanted: string): Promise<string> {
  return (await newCall(signal, (call) => agent.getSnapshot(withoutGroup(wanted), call))).id;
}

/** The id of a group of snapshots that was named by id, CSI handle or name. */
export async function groupIdOf({ agent, signal }: Session, wanted: string): Promise<string> {
  return (await newCall(signal, (call) => agent.getSnapshotGroup(withoutGroup(wanted), call))).id;
}

/**
 * The id of a VM that was named by id or name. An id that no VM has is taken as it is: a VM can be gone before its
 * attachments. A name that no VM has is an error, for to the agent it would be such a VM.
 * @throws StatusError NOT_FOUND; FAILED_PRECONDITION when several VMs have the name
 */
export async function vmIdOf({ agent, signal }: Session, wanted: string): Promise<string> {
  const id = parseNodeId(wanted);
  if (id !== undefined) return id;
  const named = (await newCall(signal, (call) => agent.listVms(call))).VMs.filter(
    ({ Name }) => Name === wanted,
  );
  const [vm] = named;
  if (vm === undefined) {
    throw new StatusError("NOT_FOUND", `there is no VM ${JSON.stringify(wanted)}; see hyperv-csi vm list`);
  }
  if (named.length === 1) return vm.Id;
  const ids = named.map(({ Id }) => Id).join(", ");
  throw new StatusError("FAILED_PRECONDITION", `several VMs are called ${wanted}; take an id: ${ids}`);
}

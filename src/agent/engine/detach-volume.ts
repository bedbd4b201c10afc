import type { EngineParts } from "./parts.ts";

/** Disconnects a volume from a VM. What the host does not have attached is success: the VM or volume may be gone. */
export async function detachVolume(
  { host }: EngineParts,
  vmId: string,
  volumeId: string,
  signal: AbortSignal,
): Promise<void> {
  const attachments = await host.attachmentsOf(volumeId);
  for (const attachment of attachments) {
    if (attachment.vmId === vmId) await host.detach(attachment, signal);
  }
}

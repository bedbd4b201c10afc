import type * as wire from "../../agent-client/wire.ts";
import type { Session } from "../operator/command.ts";
import { newCall } from "../../agent-client/new-call.ts";
import { type Format, printItem } from "../operator/format.ts";
import { volumeColumns } from "./columns.ts";

/** Prints a volume with the VMs that have it. */
export async function printVolume(
  { agent, signal }: Session,
  format: Format,
  volume: wire.VolumeAnswer,
): Promise<void> {
  // What is at fault may be nowhere that can be asked.
  const attachments =
    volume.fault === null ? await newCall(signal, (call) => agent.attachmentsOf(volume.id, call)) : [];
  await printItem(format, { ...volume, vms: attachments.map(({ VmId }) => VmId) }, volumeColumns);
}

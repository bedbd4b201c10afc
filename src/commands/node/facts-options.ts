import { Option } from "commander";
import { StatusError } from "../../kit/errors.ts";
import type { SettledFacts } from "../../node/node-facts.ts";
import { readGroupName, readMaxVolumes, readVmId } from "../options.ts";

/** What the node tells of itself, as far as it isn't to be learnt from Hyper-V. */
export interface FactsOptions {
  readonly nodeId?: string;
  readonly group?: string;
  readonly maxVolumes?: number;
  readonly reservedVolumeAttachments: number;
  readonly kubeletDir: string;
}

export function factsOptions(): Option[] {
  return [
    new Option("--node-id <id>", "id of this VM (a GUID), as its host knows it (default: Hyper-V tells it)"),
    new Option("--group <name>", "group of this VM's host (default: the agent on the host tells it)"),
    new Option(
      "--max-volumes <count>",
      "most volumes this VM can have (default: the units of its SCSI controllers that others don't use)",
    ).argParser(readMaxVolumes),
    new Option(
      "--reserved-volume-attachments <count>",
      "units kept free for disks of others; without effect beside --max-volumes",
    )
      .argParser(readReserved)
      .default(0),
    new Option(
      "--kubelet-dir <dir>",
      "directory of kubelet: a disk mounted outside of it is not a volume",
    ).default("/var/lib/kubelet"),
  ];
}

/** @throws StatusError INVALID_ARGUMENT */
export function readSettledFacts(options: FactsOptions): SettledFacts {
  const { nodeId, group, maxVolumes, reservedVolumeAttachments, kubeletDir } = options;
  return {
    nodeId: nodeId === undefined ? undefined : readVmId("--node-id", nodeId),
    group: group === undefined ? undefined : readGroupName(group),
    maxVolumes,
    reservedVolumes: reservedVolumeAttachments,
    kubeletDirectory: kubeletDir.replace(/\/+$/, ""),
  };
}

function readReserved(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new StatusError(
    "INVALID_ARGUMENT",
    `--reserved-volume-attachments ${text} is not a whole number from 0 to 999`,
  );
}

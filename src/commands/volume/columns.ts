import type * as wire from "../../agent-client/wire.ts";
import { formatSize } from "../../kit/sizes.ts";
import { ageText, pairsText } from "../operator/cells.ts";
import type { Column } from "../operator/format.ts";

/** What tables show of a volume, whichever answer it came in. */
export interface VolumeRow extends wire.VolumeAnswer {
  /** Ids of the VMs that have it. */
  readonly vms: readonly string[];
}

export function rowOf(volume: wire.ListedVolume): VolumeRow {
  return {
    name: volume.Name,
    id: volume.DiskIdentifier,
    size: volume.Size,
    pool: volume.Pool,
    type: volume.Type,
    created_at: volume.CreatedAt,
    labels: volume.Labels,
    attributes: volume.Attributes,
    source: volume.Source,
    fault: volume.Fault,
    vms: volume.Hosts,
  };
}

export const volumeColumns: readonly Column<VolumeRow>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "ID", cell: ({ id }) => id },
  { heading: "SIZE", cell: ({ size }) => formatSize(BigInt(size)), right: true },
  { heading: "POOL", cell: ({ pool }) => pool },
  {
    heading: "STATE",
    cell: ({ fault, vms }) => (fault !== null ? "Fault" : vms.length > 0 ? "Attached" : "Available"),
  },
  { heading: "AGE", cell: ({ created_at }) => ageText(created_at), right: true },
  { heading: "VM", cell: ({ vms }) => vms.join(",") || "-", wide: true },
  { heading: "TYPE", cell: ({ type }) => type, wide: true },
  {
    heading: "SOURCE",
    cell: ({ source }) => (source === null ? "-" : `${source.kind}/${source.id}`),
    wide: true,
  },
  { heading: "LABELS", cell: ({ labels }) => pairsText(labels), wide: true },
  { heading: "ATTRIBUTES", cell: ({ attributes }) => pairsText(attributes), wide: true },
  { heading: "FAULT", cell: ({ fault }) => fault ?? "-", wide: true },
];

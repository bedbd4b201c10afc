import type * as wire from "../../agent-client/wire.ts";
import { formatSize } from "../../kit/sizes.ts";
import { ageText, pairsText } from "../operator/cells.ts";
import type { Column } from "../operator/format.ts";

export const snapshotColumns: readonly Column<wire.SnapshotAnswer>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "ID", cell: ({ id }) => id },
  { heading: "VOLUME", cell: ({ volume }) => volume ?? "-" },
  { heading: "SIZE", cell: ({ size }) => formatSize(BigInt(size)), right: true },
  { heading: "AGE", cell: ({ created_at }) => ageText(created_at), right: true },
  { heading: "POOL", cell: ({ pool }) => pool, wide: true },
  { heading: "GROUP", cell: ({ group }) => group ?? "-", wide: true },
  { heading: "LABELS", cell: ({ labels }) => pairsText(labels), wide: true },
];

export const groupColumns: readonly Column<wire.SnapshotGroupAnswer>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "ID", cell: ({ id }) => id },
  { heading: "SNAPSHOTS", cell: ({ snapshots }) => String(snapshots.length), right: true },
  { heading: "AGE", cell: ({ created_at }) => ageText(created_at), right: true },
];

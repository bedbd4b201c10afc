import { MiB } from "../../kit/sizes.ts";
import { VhdxError } from "../error.ts";

/** A stretch of the file that one structure owns. Bytes. */
export interface Extent {
  readonly name: string;
  readonly offset: bigint;
  readonly length: bigint;
}

/** File identifier, headers and region tables: nothing else may lie here. [MS-VHDX] 2.2. */
export const headerSection: Extent = { name: "header section", offset: 0n, length: MiB };

/** VhdxError when an extent leaves the file of `size` bytes or two of them overlap. */
export function checkExtents(extents: readonly Extent[], size: bigint): void {
  const sorted = extents.toSorted((one, other) => (one.offset < other.offset ? -1 : 1));
  let end = 0n;
  let owner = "";
  for (const extent of sorted) {
    if (extent.offset < end) throw new VhdxError(extent.name, extent.offset, `overlaps the ${owner}`);
    end = extent.offset + extent.length;
    owner = extent.name;
    if (end > size) throw new VhdxError(extent.name, extent.offset, "reaches past the end of the file");
  }
}

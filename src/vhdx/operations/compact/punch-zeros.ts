import { blockState } from "../../format/block-table.ts";
import type { Image } from "../../image/image.ts";
import { tablePieces } from "../../image/table-scan.ts";
import type { WritableFile } from "../../storage/file.ts";
import { readsAsZeros } from "./reads-as-zeros.ts";

const MIB = 1 << 20;

/** Gives back the space of whole MiB of zeros inside the blocks of a fixed disk; all blocks stay where they are. */
export async function punchZeros(
  file: WritableFile,
  image: Image,
  onBlock: (block: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const size = Number(await file.size());
  for await (const entries of tablePieces(image, signal)) {
    for (const entry of entries) {
      if (entry.isBitmap || entry.state !== blockState.fullyPresent) continue;
      onBlock(entry.block);
      const start = entry.offsetMiB * MIB;
      const end = Math.min(start + image.disk.blockSize, size);
      for (let at = start; at + MIB <= end; at += MIB) {
        const isHole = file.nextData(BigInt(at), BigInt(at + MIB)) === undefined;
        if (isHole || !(await readsAsZeros(file, at, at + MIB, signal))) continue;
        if (!(await file.punch(BigInt(at), BigInt(MIB)))) return;
      }
    }
  }
}

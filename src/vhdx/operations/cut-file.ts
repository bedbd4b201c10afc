import { MiB } from "../../kit/sizes.ts";
import { readImage } from "../image/image.ts";
import { readOccupancy, refuseMisplaced } from "../image/occupancy.ts";
import type { WritableFile } from "../storage/file.ts";

/** Takes off what belongs to nothing at the end of a file whose log is empty. */
export async function cutFile(file: WritableFile): Promise<void> {
  const occupancy = await readOccupancy(await readImage(file), refuseMisplaced);
  const end = BigInt(occupancy.end) * MiB;
  if (end >= (await file.size())) return;
  await file.resize(end);
  await file.flush();
}

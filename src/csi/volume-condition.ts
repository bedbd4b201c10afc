import type { VolumeCondition } from "./generated/csi/v1/VolumeCondition.ts";

/** What is wrong with a volume, in sentences, as CSI 1.12 tells it: 1.13 has the health calls instead. */
export function volumeCondition(problems: readonly string[]): VolumeCondition {
  if (problems.length > 0) return { abnormal: true, message: problems.join("; ") };
  return { abnormal: false, message: "nothing is wrong with the volume" };
}

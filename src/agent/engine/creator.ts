import { version } from "../../kit/version.ts";

const CREATOR = /^csi-driver-hyperv \S+ (\d{4}-\d{2}-\d{2}T[\d:.]+Z)$/;

/** What a new disk's file says of who made it, and when. */
export function creatorText(createdAt: number): string {
  return `csi-driver-hyperv ${version} ${new Date(createdAt).toISOString()}`;
}

/** When a disk was made, as its creator text says; undefined for a disk that others made. */
export function createdAtOf(creator: string): number | undefined {
  const time = Date.parse(CREATOR.exec(creator)?.[1] ?? "");
  return Number.isNaN(time) || time < 0 ? undefined : time;
}

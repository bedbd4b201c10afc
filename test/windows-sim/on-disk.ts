import { randomUUID } from "node:crypto";
import { BASIC_DATA, RESERVED } from "../../src/node/windows/disks.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { readBytes, sizeOf, writeBytes } from "./medium.ts";
import type { Medium } from "./model.ts";

/**
 * What the simulated Windows writes to its disks, where the real one does: a table behind the first sector and its copy at
 * the end, a boot sector at a partition's beginning. Inside they are JSON: only this program reads them.
 */
export interface SimPartition {
  readonly guid: string;
  readonly gptType: string;
  readonly offset: number;
  readonly size: number;
  readonly noDefaultDriveLetter: boolean;
}

export interface SimTable {
  readonly diskGuid: string;
  readonly partitions: readonly SimPartition[];
}

export interface SimFileSystem {
  readonly fileSystem: "NTFS" | "ReFS";
  /** Names the directory that has the files. */
  readonly serial: string;
  readonly label: string;
  readonly allocationUnit: number;
  readonly size: number;
}

const SECTOR = 512;
const SIGNATURE = "EFI PART";
const RESERVED_END = 16 * Number(MiB);
const TABLE_BYTES = 16 * 1024;

/** Undefined for a disk without one. */
export async function readTable(medium: Medium): Promise<SimTable | undefined> {
  const bytes = await readBytes(medium, SECTOR, SECTOR + TABLE_BYTES);
  if (bytes.toString("latin1", 0, SIGNATURE.length) !== SIGNATURE) return undefined;
  return JSON.parse(textIn(bytes.subarray(SECTOR))) as SimTable;
}

/** True for a disk that begins as one with an old partition table, which is no GPT. */
export async function hasMbr(medium: Medium): Promise<boolean> {
  const boot = await readBytes(medium, 0, SECTOR);
  return boot.readUInt16BE(510) === 0x55aa;
}

export async function writeTable(medium: Medium, table: SimTable): Promise<void> {
  const header = Buffer.alloc(SECTOR);
  header.write(SIGNATURE);
  const entries = Buffer.alloc(TABLE_BYTES);
  entries.write(JSON.stringify(table));
  const protective = Buffer.alloc(SECTOR);
  protective.writeUInt16BE(0x55aa, 510);
  const end = await sizeOf(medium);
  await writeBytes(medium, 0, Buffer.concat([protective, header, entries]));
  await writeBytes(medium, end - SECTOR - TABLE_BYTES, Buffer.concat([entries, header]));
}

/** A table with Microsoft's reserved partition, as Windows makes it. */
export function newTable(): SimTable {
  const offset = 2 * SECTOR + TABLE_BYTES;
  const kind = { guid: randomUUID(), gptType: RESERVED, noDefaultDriveLetter: true };
  const reserved = { ...kind, offset, size: RESERVED_END - offset };
  return { diskGuid: randomUUID(), partitions: [reserved] };
}

/** All ids anew, as when two disks have one. */
export function renewed({ partitions }: SimTable): SimTable {
  return {
    diskGuid: randomUUID(),
    partitions: partitions.map((each) => ({ ...each, guid: randomUUID() })),
  };
}

export async function newPartition(medium: Medium): Promise<SimPartition> {
  const size = largestPartition(await sizeOf(medium));
  const kind = { guid: randomUUID(), gptType: BASIC_DATA, noDefaultDriveLetter: true };
  return { ...kind, offset: RESERVED_END, size };
}

/** Bytes of a partition behind the reserved one that ends with a disk of so many. */
export function largestPartition(diskSize: number): number {
  const mebi = Number(MiB);
  return Math.floor((diskSize - RESERVED_END - 1) / mebi) * mebi;
}

export async function readFileSystem(
  medium: Medium,
  { offset }: SimPartition,
): Promise<SimFileSystem | undefined> {
  const boot = await readBytes(medium, offset, SECTOR);
  const name = boot.toString("latin1", 3, 11).trim();
  return name === "NTFS" || name === "ReFS"
    ? (JSON.parse(textIn(boot.subarray(16))) as SimFileSystem)
    : undefined;
}

export async function writeFileSystem(
  medium: Medium,
  { offset }: SimPartition,
  system: SimFileSystem,
): Promise<void> {
  const boot = Buffer.alloc(SECTOR);
  boot.write(system.fileSystem.padEnd(8), 3, "latin1");
  boot.write(JSON.stringify(system), 16);
  await writeBytes(medium, offset, boot);
}

function textIn(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

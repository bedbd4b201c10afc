import type { Operation } from "../../src/node/windows/protocol.ts";
import type { WorkerError } from "../../src/kit/worker/messages.ts";

/** Where the bytes of a disk are: a file, or a device. */
export interface Medium {
  readonly path: string;
  /** Where in it they begin. */
  readonly offset: number;
  /** Bytes; undefined for all that there is. */
  readonly size: number | undefined;
}

/** A disk that the simulated Windows has. What is on it is read from its bytes. */
export interface SimDisk {
  readonly number: number;
  readonly uniqueId: string;
  readonly controllerId: string;
  readonly lun: number;
  readonly medium: Medium;
  /** As Windows last saw it. */
  readonly size: number;
  readonly isOffline: boolean;
  readonly offlineReason: number | null;
  readonly isReadOnly: boolean;
  /** The mark of being read-only does not go. */
  readonly isWriteProtected: boolean;
  readonly healthStatus: number;
}

/** All that the simulated Windows knows. It lies in a file, so that kills of workers don't harm it. */
export interface SimWindowsState {
  readonly controllers: readonly string[];
  readonly disks: readonly SimDisk[];
  /** Directories in which partitions are shown, by the partition's id; Windows keeps them while a disk is away. */
  readonly shown: Readonly<Record<string, readonly string[]>>;
  /** Drive letters such as `E:\` by the partition's id; Windows remembers them, too. */
  readonly letters: Readonly<Record<string, string>>;
  /** MSFT_Volume.HealthStatus by the partition's id. */
  readonly volumeHealth: Readonly<Record<string, number>>;
  readonly parameters: Readonly<Record<string, string>>;
  readonly external: Readonly<Record<string, string>>;
  /** The simulated Hyper-V and its VM that this Windows runs in: its drives are the disks. */
  readonly hyperv: { readonly directory: string; readonly vmId: string } | null;
  readonly faults: readonly WindowsFault[];
}

/** Something that goes wrong at the next request of an operation. */
export type WindowsFault = { readonly op: Operation } & (
  | { readonly kind: "hang" | "crash" | "garbage"; readonly when: "before" | "after" }
  | { readonly kind: "error"; readonly when: "before" | "after"; readonly error: WorkerError }
  | { readonly kind: "slow"; readonly ms: number }
  /** The operation is answered and not done, as when a disk goes offline again at once. */
  | { readonly kind: "without-effect" }
);

/** MSFT_Disk.OfflineReason. */
export const BY_POLICY = 1;
export const COLLISION = 4;

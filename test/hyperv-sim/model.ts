import type { Checkpoint, Operation } from "../../src/agent/hosts/hyperv/protocol.ts";
import type { WorkerError } from "../../src/kit/worker/messages.ts";

/** What the simulator has instead of Hyper-V: it lies in a file, so that all workers see it and kills don't harm it. */
export interface SimState {
  /** Name of the failover cluster; null for one stand-alone host. */
  readonly cluster: string | null;
  readonly hosts: readonly SimHost[];
  readonly vms: readonly SimVm[];
  /** Parent of each differencing disk. */
  readonly parents: Readonly<Record<string, string>>;
  /** Files that something else has open. */
  readonly locked: readonly string[];
  readonly faults: readonly Fault[];
  readonly events: readonly string[];
  /** Requests that were answered or begun, by operation. */
  readonly calls: Readonly<Partial<Record<Operation, number>>>;
}

export interface SimHost {
  readonly name: string;
  /** What its cluster says of it, as MSCluster_Node.State: 0 is up, 1 down. */
  readonly state: number;
  /** False for one that does not answer, whatever the cluster thinks. */
  readonly answers: boolean;
}

export interface SimVm {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  /** 2 is running, 3 is off. */
  readonly state: number;
  readonly controllers: readonly string[];
  readonly drives: readonly SimDrive[];
  readonly checkpoints: readonly Checkpoint[];
  /** Looks after which the merge of a removed checkpoint is over; 0 when nothing merges. */
  readonly mergeLooks: number;
  readonly items: Readonly<Record<string, string>>;
}

export interface SimDrive {
  readonly controllerId: string;
  readonly lun: number;
  readonly path: string;
  readonly readOnly: boolean;
  readonly minimumIops: number;
  readonly maximumIops: number;
}

/** Something that goes wrong at the next request of an operation. */
export type Fault = { readonly op: Operation } & (
  | { readonly kind: "hang" | "crash" | "garbage" | "stale"; readonly when: "before" | "after" }
  | { readonly kind: "error"; readonly when: "before" | "after"; readonly error: WorkerError }
  | { readonly kind: "slow"; readonly ms: number }
  /** The VM moves to another host first. */
  | { readonly kind: "migrate"; readonly vmId: string; readonly to: string }
  /** The merge that the request begins takes so many looks. */
  | { readonly kind: "slow-merge"; readonly looks: number }
  /** Right after the first look that tells of a checkpoint of the VM, it is removed, or the VM's host falls silent. */
  | { readonly kind: "checkpoint-lost"; readonly vmId: string; readonly how: "removed" | "silent" }
);

export const RUNNING = 2;
export const OFF = 3;

/** Members of a cluster. */
export const UP = 0;
export const DOWN = 1;
export const PAUSED = 2;
export const JOINING = 3;

/** The end of the chain that a path begins; null for a chain that is broken. */
export function baseOf({ parents }: SimState, path: string): string | null {
  if (!path.endsWith(".avhdx")) return path;
  const parent = parents[path];
  return parent === undefined ? null : baseOf({ parents } as SimState, parent);
}

export function withVm(state: SimState, id: string, change: (vm: SimVm) => SimVm): SimState {
  return { ...state, vms: state.vms.map((vm) => (vm.id === id ? change(vm) : vm)) };
}

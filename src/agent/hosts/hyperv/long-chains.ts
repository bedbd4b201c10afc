import { isMerging, isOwn, LONGEST_COPY_MS } from "./checkpoints.ts";
import type { HypervVm } from "./protocol.ts";
import { isInChain, type Seen, type SeenDrive } from "./seen.ts";

type Phase = "copied" | "merged";

/** Since when, on a clock that does not jump, a VM has been in a phase of ours, as far as this agent has seen. */
interface Since {
  readonly phase: Phase;
  readonly at: number;
}

/** Notices VMs that are kept in chains by a copy of ours for longer than that may take. */
export class LongChains {
  readonly #group: string;
  readonly #longestMergeMs: number;
  readonly #since = new Map<string, Since>();

  constructor(group: string, longestMergeMs: number) {
    this.#group = group;
    this.#longestMergeMs = longestMergeMs;
  }

  compare(now: Seen): void {
    for (const id of this.#since.keys()) if (!now.vms.has(id)) this.#since.delete(id);
    for (const vm of now.vms.values()) {
      const phase = this.#phaseOf(vm);
      if (phase === undefined) this.#since.delete(vm.id);
      else if (this.#since.get(vm.id)?.phase !== phase)
        this.#since.set(vm.id, { phase, at: performance.now() });
    }
  }

  /** For people: the VM, the disk and what to do; undefined while nothing takes too long. */
  alarmOf({ vm, drive, file }: SeenDrive): string | undefined {
    const since = this.#since.get(vm.id);
    if (since === undefined || !isInChain({ drive })) return undefined;
    const ms = performance.now() - since.at;
    if (ms <= this.#longestMergeMs + (since.phase === "copied" ? LONGEST_COPY_MS : 0)) return undefined;
    return `VM ${vm.id} (${vm.name}) has not merged ${drive.path} into ${file} for ${Math.floor(ms / 60_000)} minutes, after a copy of ours: detach and growth wait for that; look at the VM's state and free space on its host`;
  }

  #phaseOf(vm: HypervVm): Phase | undefined {
    if (isMerging(vm)) return "merged";
    const isOurs =
      vm.checkpoints.length > 0 && vm.checkpoints.every((checkpoint) => isOwn(checkpoint, this.#group));
    return isOurs ? "copied" : undefined;
  }
}

/** What one look saw of a node and of its VM. */
export interface FenceLook {
  /** When the VM's host was asked and when it had answered, on the clock of performance.now(). */
  readonly asked: number;
  readonly answered: number;
  /** Of the Node; undefined when it does not say. */
  readonly ready: boolean | undefined;
  /** By the word of the group that the node is of; unknown when that did not answer, or knows no such VM. */
  readonly vm: "running" | "off" | "other" | "unknown";
  /** True for a node that has our fence: mark and taint. */
  readonly fenced: boolean;
}

/** An unbroken row of looks that saw the node not ready and its VM off. */
export interface OffProof {
  /** End of the first look. */
  readonly since: number;
  /** End of the last one. */
  readonly last: number;
}

/** Milliseconds. */
export interface FenceTimes {
  /** How long a VM must have been off. */
  readonly unbroken: number;
  /** Between two looks of a row at most: of what was longer not looked at nothing is known. */
  readonly longestGap: number;
}

export interface Decision {
  readonly proof: OffProof | undefined;
  readonly action: "none" | "fence" | "unfence";
}

/**
 * What a look makes of what was known of a node. A fence needs an unbroken row of looks, over the whole time, each with the
 * node not ready and the VM off; anything else, silence too, ends the row. It is taken away when the VM runs and the
 * node is ready.
 */
export function decide(before: OffProof | undefined, look: FenceLook, times: FenceTimes): Decision {
  if (look.fenced) {
    const isBack = look.ready === true && look.vm === "running";
    return { proof: undefined, action: isBack ? "unfence" : "none" };
  }
  if (look.ready !== false || look.vm !== "off") return { proof: undefined, action: "none" };
  const goesOn = before !== undefined && look.asked - before.last <= times.longestGap;
  const proof = { since: goesOn ? before.since : look.answered, last: look.answered };
  // Counted from the end of the first look to the beginning of this one: surely no more than it was.
  const isProven = goesOn && look.asked - proof.since >= times.unbroken;
  return { proof, action: isProven ? "fence" : "none" };
}

/** What a volume or snapshot of one name was at some moment; undefined: there is none. */
export interface Thing {
  /** Known once its creation was acknowledged. */
  id: string | undefined;
  readonly size: number;
  readonly label: string | undefined;
  /** The byte that fills its first 4 KiB. */
  readonly content: number;
  /** Id of the VM that has it. */
  readonly vm: string | undefined;
  readonly pool: string | undefined;
}

export type State = Thing | undefined;

/** What is seen under a name. */
export type Seen = Required<Omit<Thing, "id">> & { readonly id: string };

/**
 * The states that one name went through, in the order in which its owner asked for them. The owner asks for one thing
 * at a time, so only the last state can be one that was not acknowledged.
 */
export class NameHistory {
  readonly name: string;
  readonly #states: State[] = [undefined];
  #acknowledged = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** The last state that was acknowledged. */
  get now(): State {
    return this.#states[this.#acknowledged];
  }

  /** A change was asked for: from now on its state may be seen. */
  asked(state: State): void {
    this.#states.push(state);
  }

  /** The change was acknowledged: from now on no earlier state may be seen. */
  acknowledged(id?: string): void {
    this.#acknowledged = this.#states.length - 1;
    const now = this.now;
    if (now !== undefined && id !== undefined) now.id = id;
  }

  /** What was seen is what is: for after a crash, when nobody knows whether the last change was made. */
  settle(seen: Seen | undefined): void {
    this.#states.push(seen);
    this.acknowledged();
  }

  /** The states that may be seen from this moment until the returned function is called. */
  watch(): () => readonly State[] {
    const first = this.#acknowledged;
    return () => this.#states.slice(first);
  }
}

/** Whether what is seen is one of these states; otherwise a text that tells both. */
export function mismatch(
  name: string,
  seen: Seen | undefined,
  allowed: readonly State[],
): string | undefined {
  if (allowed.some((state) => isSame(seen, state))) return undefined;
  return `${name} is ${told(seen)}; it may be ${allowed.map(told).join(" or ")}`;
}

function isSame(seen: Seen | undefined, state: State): boolean {
  if (seen === undefined || state === undefined) return seen === state;
  const keys = ["size", "label", "content", "vm", "pool"] as const;
  return (
    (state.id === undefined || seen.id === state.id) &&
    keys.every((key) => seen[key] === state[key] || (key === "pool" && state.pool === undefined))
  );
}

function told(state: State): string {
  return state === undefined ? "absent" : JSON.stringify(state);
}

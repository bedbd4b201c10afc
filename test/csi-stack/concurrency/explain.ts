import { after, type Asked, mayBeDisturbed, type State, type Told } from "./model.ts";

/** A call that ended. */
export interface Ended {
  readonly asked: Asked;
  readonly told: Told;
}

/**
 * The states in which calls that ran at the same time can have left a slot: those that some order of them explains,
 * each as it was told. None means that an answer was wrong.
 */
export function possibleStates(start: State, ended: readonly Ended[]): State[] {
  const found = new Map<string, State>();
  const seen = new Set<string>();
  function visit(state: State, left: readonly number[]): void {
    const place = `${left.join()} ${JSON.stringify(state)}`;
    if (seen.has(place)) return;
    seen.add(place);
    if (left.length === 0) found.set(JSON.stringify(state), state);
    for (const index of left) {
      const { asked, told } = ended[index]!;
      const rest = left.filter((other) => other !== index);
      const next = after(state, asked, told);
      if (next !== undefined) visit(next, rest);
      const others = ended.filter((_each, other) => other !== index).map((each) => each.asked.call);
      if (mayBeDisturbed(asked, told, others)) visit(state, rest);
    }
  }
  visit(start, [...ended.keys()]);
  return [...found.values()];
}

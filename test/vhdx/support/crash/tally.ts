import { crashEverywhere } from "../crash.ts";
import type { Scenario } from "./scenario.ts";

const total = { scenarios: 0, cuts: 0, states: 0 };

/** Cuts a scenario everywhere and prints what was cut. */
export async function crashAndPrint(scenario: Scenario): Promise<void> {
  const { writes, flushes, cuts, states } = await crashEverywhere(scenario);
  total.scenarios += 1;
  total.cuts += cuts;
  total.states += states;
  const counts = `${writes} writes, ${flushes} flushes, ${cuts} cut points, ${states} states`;
  console.log(`      ${scenario.name}: ${counts}`);
}

/** Prints the sum of what was cut so far. */
export function printTotal(): void {
  const { scenarios, cuts, states } = total;
  console.log(`      together: ${scenarios} operations, ${cuts} cut points, ${states} states`);
  console.log(
    "      (writes are torn at all sector boundaries; over 64 KiB, payload is at the outmost and 64 seeded ones, and " +
      "behind omissions everything is at the outmost and 8; behind omissions of more than 8 pending, at one)",
  );
}

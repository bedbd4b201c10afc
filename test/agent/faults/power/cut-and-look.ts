import { startTestAgent } from "../../../support/agent.ts";
import { mismatch, type NameHistory } from "../load/name-history.ts";
import { findings, observe } from "../load/observe.ts";
import type { PowerSupply } from "./power-supply.ts";

/**
 * Cuts the power, starts an agent over what is left, and compares it with what was acknowledged before and what was
 * being done meanwhile.
 * @returns what is wrong; empty when nothing is.
 */
export async function cutAndLook(supply: PowerSupply, histories: readonly NameHistory[]): Promise<string[]> {
  const watched = histories.map((history) => ({ name: history.name, states: history.watch() }));
  await supply.cut();
  const allowed = watched.map(({ name, states }) => ({ name, states: states() }));
  return await supply.afterCut(async (pool) => {
    const agent = await startTestAgent(pool);
    try {
      const seen = await observe(agent.client);
      const wrong = allowed.flatMap(({ name, states }) => mismatch(name, seen.get(name), states) ?? []);
      const known = new Set(allowed.map(({ name }) => name));
      const strange = [...seen.keys()].filter((name) => !known.has(name));
      return [...wrong, ...strange, ...(await findings(agent.client))];
    } finally {
      await agent.close();
    }
  });
}

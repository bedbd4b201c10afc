import { examineCase } from "./examine.ts";
import { makeCorpus } from "./corpus.ts";

/** How many cases ended how. */
export interface Tally {
  cases: number;
  opened: number;
  readonly refused: Map<string, number>;
}

/** Runs cases `firstSeed`, `firstSeed` + 1, …; an Error that names the seed when one goes wrong. */
export async function runCampaign(
  cases: number,
  firstSeed: number,
  goesOn: (tally: Tally) => boolean = () => true,
): Promise<Tally> {
  const corpus = await makeCorpus();
  const tally: Tally = { cases: 0, opened: 0, refused: new Map() };
  for (let seed = firstSeed; tally.cases < cases && goesOn(tally); seed++) {
    const outcome = await examineCase(corpus, seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}`, { cause: error });
    });
    tally.cases += 1;
    if (outcome.opened) tally.opened += 1;
    else tally.refused.set(outcome.structure, (tally.refused.get(outcome.structure) ?? 0) + 1);
  }
  return tally;
}

/** One line for people. */
export function formatTally({ cases, opened, refused }: Tally): string {
  const reasons = [...refused].sort(([, one], [, other]) => other - one);
  return `${cases} cases, ${opened} opened, refused: ${reasons.map(([name, count]) => `${name} ${count}`).join(", ")}`;
}

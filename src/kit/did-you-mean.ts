import { closest } from "fastest-levenshtein";

/** What an error says after a name that is not known: the nearest of those that are, and all of them. */
export function didYouMean(name: string, known: readonly string[]): string {
  const folded = new Map(known.map((each) => [each.toLowerCase(), each]));
  // Long rubbish is near to nothing, and costs time to compare.
  const nearest = folded.get(closest(name.toLowerCase().slice(0, 128), [...folded.keys()])) ?? "";
  return `did you mean ${nearest}? There are: ${known.join(", ")}`;
}

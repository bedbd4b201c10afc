/** Exit codes of a command that has none of its own. */
export const sharedCodes = "Exit codes: 0 done, 1 failure, 2 bad usage, 130 interrupted.";

/** What a command's help ends with: notes, and examples without `hyperv-csi`. */
export function helpText(notes: string, examples: readonly string[]): string {
  const lines = examples.map((example) => `  $ hyperv-csi ${example}`);
  return `\n${notes}\n\nExamples:\n${lines.join("\n")}`;
}

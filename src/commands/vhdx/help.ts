/** What a command's help ends with: notes, exit codes beyond the shared ones, examples without `hyperv-csi vhdx`. */
export function helpText(notes: string, examples: readonly string[]): string {
  const lines = examples.map((example) => `  $ hyperv-csi vhdx ${example}`);
  return `\n${notes}\n\nExamples:\n${lines.join("\n")}`;
}

/** Exit codes of a command that has none of its own. */
export const sharedCodes = "Exit codes: 0 done, 1 failure, 2 bad usage, 130 interrupted.";

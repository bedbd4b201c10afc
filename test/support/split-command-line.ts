/** Takes a command line apart by the rules of CommandLineToArgvW, written anew from their description. */
export function splitCommandLine(text: string): string[] {
  const found: string[] = [];
  let current: string | undefined;
  let inQuotes = false;
  for (let index = 0; index < text.length;) {
    const backslashes = /^\\*/.exec(text.slice(index))?.[0].length ?? 0;
    const next = text[index + backslashes];
    index += backslashes;
    if (next === '"') {
      current = (current ?? "") + "\\".repeat(Math.floor(backslashes / 2));
      if (backslashes % 2 === 1) current += '"';
      else inQuotes = !inQuotes;
      index++;
      continue;
    }
    if (backslashes > 0) current = (current ?? "") + "\\".repeat(backslashes);
    if (next === undefined) break;
    if (/[ \t]/.test(next) && !inQuotes) {
      if (current !== undefined) found.push(current);
      current = undefined;
    } else current = (current ?? "") + next;
    index++;
  }
  if (current !== undefined) found.push(current);
  return found;
}

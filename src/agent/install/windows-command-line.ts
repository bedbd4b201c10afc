/** Arguments as one text, as programs on Windows take them apart again (CommandLineToArgvW). */
export function windowsCommandLine(args: readonly string[]): string {
  return args.map(quoted).join(" ");
}

function quoted(argument: string): string {
  if (argument !== "" && !/[ \t"]/.test(argument)) return argument;
  // Backslashes mean themselves, but before a quote each has to be doubled.
  const escaped = argument.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1");
  return `"${escaped}"`;
}

import { InvalidArgumentError } from "commander";

/** Collects `KEY=VALUE` of an option that may be given several times; the last of a key counts. @throws InvalidArgumentError */
export function collectPair(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const at = text.indexOf("=");
  if (at > 0) return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
  throw new InvalidArgumentError("It is KEY=VALUE, such as team=storage.");
}

/** Collects the values of an option that may be given several times. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

import { StatusError } from "../kit/errors.ts";

/**
 * Labels in a parameter's text, `KEY=VALUE,KEY=VALUE`; none in an empty one.
 * @param valueOf what a value stands for.
 * @throws StatusError INVALID_ARGUMENT
 */
export function readLabels(
  text: string,
  valueOf: (value: string) => string = (value) => value,
): Record<string, string> {
  if (text.trim() === "") return {};
  const labels = new Map<string, string>();
  for (const pair of text.split(",")) {
    const equals = pair.indexOf("=");
    const key = pair.slice(0, Math.max(0, equals)).trim();
    if (key === "") throw invalid(`labels has ${shown(pair)}, which is not KEY=VALUE`);
    if (labels.has(key)) throw invalid(`labels has ${shown(key)} twice`);
    labels.set(key, valueOf(pair.slice(equals + 1).trim()));
  }
  return Object.fromEntries(labels);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}

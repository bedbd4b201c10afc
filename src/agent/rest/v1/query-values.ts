import { VolumesApiError } from "./refusals.ts";

/** What the schema of one parameter says about how its text is read. */
interface ParameterSchema {
  readonly type?: unknown;
}

/**
 * The values of a query by its schema's properties: `true`, whole numbers, and lists that are comma-separated, repeated
 * or both. Parameters that the schema does not have stay texts. The order is the query's.
 * @throws VolumesApiError INVALID for a text that is none of these
 */
export function queryValues(
  query: Readonly<Record<string, string | string[]>>,
  properties: Readonly<Record<string, ParameterSchema>>,
): Record<string, unknown> {
  const entries = Object.entries(query).map(([name, sent]) => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return [name, schema === undefined ? sent : valueOf(name, sent, schema)] as const;
  });
  return Object.fromEntries(entries);
}

function valueOf(name: string, sent: string | string[], { type }: ParameterSchema): unknown {
  if (type === "array") return (typeof sent === "string" ? [sent] : sent).flatMap((text) => text.split(","));
  if (typeof sent !== "string") throw invalid(name, "is given more than once");
  if (type === "boolean") return flagOf(name, sent);
  if (type === "integer") return integerOf(name, sent);
  return sent;
}

function flagOf(name: string, text: string): boolean {
  if (text === "true") return true;
  if (text === "false") return false;
  throw invalid(name, "is neither true nor false");
}

function integerOf(name: string, text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw invalid(name, "is not a whole number");
}

function invalid(name: string, problem: string): VolumesApiError {
  return new VolumesApiError("INVALID", `${name} ${problem}`);
}

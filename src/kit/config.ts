import { readFile } from "node:fs/promises";
import type { Static, TSchema } from "typebox";
import type { TLocalizedValidationError } from "typebox/error";
import { Pointer, Value } from "typebox/value";
import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { StatusError } from "./errors.ts";

/** Most errors that one message tells. */
const MOST_ERRORS = 10;

/** A text file that was named in an option or a configuration. @throws StatusError INVALID_ARGUMENT with its path */
export async function readTextFile(path: string): Promise<string> {
  return await readFile(path, "utf8").catch((error: unknown) => {
    throw new StatusError(
      "INVALID_ARGUMENT",
      `${path} can't be read: ${StatusError.from(error).message}`,
      error,
    );
  });
}

/** A YAML (or JSON) file as plain data, not yet checked. @throws StatusError INVALID_ARGUMENT with path and line */
export async function readConfigFile(path: string): Promise<unknown> {
  return parseConfig(path, await readTextFile(path)).data;
}

/** As {@link readConfigFile}, checked. @throws StatusError INVALID_ARGUMENT with path and line of each error */
export async function readCheckedConfig<T extends TSchema>(path: string, schema: T): Promise<Static<T>> {
  return checkedConfig(path, await readTextFile(path), schema);
}

/** YAML text as data of a schema. @throws StatusError INVALID_ARGUMENT with path and line of each error */
export function checkedConfig<T extends TSchema>(path: string, text: string, schema: T): Static<T> {
  const { data, lineOf } = parseConfig(path, text);
  if (Value.Check(schema, data)) return data;
  const texts = problemsOf(schema, data).map(
    ({ place, text: problem }) => `${path}:${lineOf(place)}: ${place.join(".") || "the file"} ${problem}`,
  );
  throw new StatusError("INVALID_ARGUMENT", texts.join("\n"));
}

/** What is wrong with data, and where in it. */
export interface ConfigProblem {
  readonly place: readonly string[];
  /** What follows the name of the place. */
  readonly text: string;
}

/** What keeps data from being of a schema: the first few problems. */
export function problemsOf(schema: TSchema, data: unknown): ConfigProblem[] {
  const problems = Value.Errors(schema, data)
    .filter(({ keyword }) => keyword !== "anyOf" && keyword !== "boolean")
    .flatMap((error): ConfigProblem[] => {
      const place = Pointer.Indices(error.instancePath);
      if (error.keyword !== "additionalProperties") return [{ place, text: textOf(error, schema) }];
      // What is unknown is told where it stands.
      return error.params.additionalProperties.map((name) => ({
        place: [...place, name],
        text: "is not known here",
      }));
    });
  return problems.slice(0, MOST_ERRORS);
}

function textOf(error: TLocalizedValidationError, schema: TSchema): string {
  if (error.keyword === "enum") return `must be one of ${error.params.allowedValues.map(String).join(", ")}`;
  if (error.keyword === "required") return `needs ${error.params.requiredProperties.join(", ")}`;
  if (error.keyword !== "pattern") return error.message;
  const { description } = Pointer.Get(schema, error.schemaPath.slice(1)) as { description?: string };
  return description === undefined ? error.message : `is not ${description}`;
}

interface ParsedConfig {
  readonly data: unknown;
  /** Line of what is at a path, or of the nearest thing around it; from 1. */
  readonly lineOf: (path: readonly string[]) => number;
}

function parseConfig(path: string, text: string): ParsedConfig {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lineCounter.linePos(error.pos[0]);
    throw new StatusError("INVALID_ARGUMENT", `${path}:${line}: ${error.message}`, error);
  }
  try {
    const data: unknown = document.toJS();
    return { data, lineOf: (place) => lineCounter.linePos(offsetOf(document, place)).line };
  } catch (bomb) {
    // A few lines of aliases can stand for gigabytes; the library counts them.
    throw new StatusError("INVALID_ARGUMENT", `${path}: ${StatusError.from(bomb).message}`, bomb);
  }
}

function offsetOf(document: Document.Parsed, place: readonly string[]): number {
  for (let length = place.length; length > 0; length--) {
    const node = document.getIn(place.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return document.contents?.range[0] ?? 0;
}

/** True for a mapping. */
export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

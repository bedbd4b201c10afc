import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Answer, type WorkerError } from "./messages.ts";

/** Longest line that a worker may write, in UTF-16 units. */
export const LONGEST_LINE = 64 * 1024 * 1024;

const checkAnswer = Compile(Answer);

/** What a worker wrote is no answer to what it was asked: nothing it says can be trusted any more. */
export class Garbage extends Error {
  override readonly name = "Garbage";
}

/** What a worker said to a request. */
export type Said<Result> =
  { readonly result: Result; readonly error?: never } | { readonly error: WorkerError };

/** Reads a worker's line as the answer to request `id`. @throws Garbage for anything else */
export type ReadAnswer = (line: string, id: number, op: string) => Said<unknown>;

/** Reads the answers of a kind of worker, by the schemas of its results. */
export function answerReader(results: Readonly<Record<string, TSchema>>): ReadAnswer {
  const checks = new Map(Object.entries(results).map(([op, schema]) => [op, Compile<TSchema>(schema)]));
  return (line, id, op) => {
    const answer = parse(line);
    if (!checkAnswer.Check(answer)) throw new Garbage(`the worker wrote no answer: ${excerpt(line)}`);
    if (answer.id !== id) throw new Garbage(`the worker answered request ${answer.id} instead of ${id}`);
    if ("error" in answer) return { error: answer.error };
    const check = checks.get(op);
    if (check?.Check(answer.result) === true) return { result: answer.result };
    const { instancePath = "", message = "" } = check?.Errors(answer.result)[0] ?? {};
    throw new Garbage(`the worker's answer to ${op} is wrong: ${instancePath} ${message}`);
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new Garbage(`the worker wrote no JSON: ${excerpt(line)}`, { cause: error });
  }
}

function excerpt(line: string): string {
  return JSON.stringify(line.slice(0, 120));
}

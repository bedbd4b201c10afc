import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Answer, type Operation, type Result, results, type WorkerError } from "../protocol.ts";

/** Longest line that a worker may write, in UTF-16 units. */
export const LONGEST_LINE = 64 * 1024 * 1024;

const checkAnswer = Compile(Answer);
const checks = new Map(Object.entries(results).map(([op, schema]) => [op, Compile<TSchema>(schema)]));

/** What a worker wrote is no answer to what it was asked: nothing it says can be trusted any more. */
export class Garbage extends Error {
  override readonly name = "Garbage";
}

/** What a worker said to a request. */
export type Said<Op extends Operation> =
  { readonly result: Result<Op>; readonly error?: never } | { readonly error: WorkerError };

/**
 * Reads a worker's line as the answer to request `id`.
 * @throws Garbage for anything else
 */
export function readAnswer<Op extends Operation>(line: string, id: number, op: Op): Said<Op> {
  const answer = parse(line);
  if (!checkAnswer.Check(answer)) throw new Garbage(`the worker wrote no answer: ${excerpt(line)}`);
  if (answer.id !== id) throw new Garbage(`the worker answered request ${answer.id} instead of ${id}`);
  if ("error" in answer) return { error: answer.error };
  const check = checks.get(op);
  if (check?.Check(answer.result) === true) return { result: answer.result as Result<Op> };
  const { instancePath = "", message = "" } = check?.Errors(answer.result)[0] ?? {};
  throw new Garbage(`the worker's answer to ${op} is wrong: ${instancePath} ${message}`);
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

import { StatusError } from "./errors.ts";

/** The answer, or undefined when all who could know it said that it does not exist. */
export async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatusError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

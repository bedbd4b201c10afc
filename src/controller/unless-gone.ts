import { StatusError } from "../kit/errors.ts";

/** The answer, or undefined when all who could know the volume said that they don't. */
export async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatusError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

import type { AxiosError } from "axios";
import * as answers from "./generated/answers.ts";
import { MISDIRECTED } from "./headers.ts";

/** What the agent of another group than the expected one answered, and what to do; undefined for any other failure. */
export function misdirectionOf({ response }: AxiosError): string | undefined {
  if (response?.status !== MISDIRECTED || !answers.isErrorAnswer(response.data)) return undefined;
  return `${response.data.message}: mend the agents file`;
}

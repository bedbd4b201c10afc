import { VhdxError } from "../../error.ts";

/**
 * `error`: data may be lost or wrong, or the file can't be opened or written. `warning`: the format is violated or
 * a copy is lost, data is safe. `information`: worth knowing, nothing is wrong.
 */
export type Severity = "error" | "warning" | "information";

/** One thing found in a file. */
export interface Finding {
  readonly severity: Severity;
  readonly structure: string;
  /** Byte of the file. */
  readonly offset: bigint;
  readonly problem: string;
  /** `repairVhdx` sees to it. */
  readonly repairable: boolean;
}

const MOST = 1000;

/** What was found so far: the first thousand of it. */
export class Findings {
  readonly #list: Finding[] = [];
  #counts = { error: 0, warning: 0, information: 0 };

  add(
    severity: Severity,
    structure: string,
    offset: bigint | number,
    problem: string,
    repairable = false,
  ): void {
    this.#counts[severity] += 1;
    if (this.#list.length < MOST) {
      this.#list.push({ severity, structure, offset: BigInt(offset), problem, repairable });
    }
  }

  /** Runs a step that throws at the first fault; undefined, and an error noted, when it found one. */
  async attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof VhdxError)) throw error;
      this.add("error", error.structure, error.offset, error.problem);
      return undefined;
    }
  }

  /** Neither errors nor warnings. */
  get isClean(): boolean {
    return this.#counts.error === 0 && this.#counts.warning === 0;
  }

  /** All that is kept, and a last one that tells how many were not. */
  get list(): readonly Finding[] {
    const { error, warning, information } = this.#counts;
    const more = error + warning + information - this.#list.length;
    if (more === 0) return this.#list;
    const severity = error > 0 ? "error" : warning > 0 ? "warning" : "information";
    const problem = `${more} more findings are not listed`;
    return [...this.#list, { severity, structure: "file", offset: 0n, problem, repairable: false }];
  }
}

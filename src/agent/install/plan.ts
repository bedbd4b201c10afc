/** One thing that a script does. It looks at nothing and decides nothing; a step that fails ends the plan. */
export type Step = { readonly about: string } &
  /** One that is there stays as it is, and `whenMade` is left out. */
  (
    | { readonly kind: "makeDirectory"; readonly path: string; readonly whenMade: readonly Step[] }
    | { readonly kind: "copyFile"; readonly from: string; readonly to: string }
    /** Files that are there stay as they are. */
    | { readonly kind: "writeNewFile"; readonly path: string; readonly text: string }
    /** 32 random bytes in hex; a key that is there stays. */
    | { readonly kind: "makeKey"; readonly path: string }
    | {
        readonly kind: "run";
        readonly program: string;
        /** One text, quoted as Windows has it. */
        readonly arguments: string;
        readonly exitCodes: readonly number[];
      }
    | { readonly kind: "waitForService"; readonly state: "Running" | "Stopped"; readonly seconds: number }
    | { readonly kind: "excludeFromDefender"; readonly path: string }
    | { readonly kind: "includeInDefender"; readonly path: string }
    | { readonly kind: "removeProgramDirectory"; readonly path: string }
  );

/** All that a script does, and says. */
export interface Plan {
  /** Why nothing is done. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly steps: readonly Step[];
  /** What is done when a step has failed; a failure here is told, and the next is done all the same. */
  readonly undo: readonly Step[];
  /** Told at the end. */
  readonly closing: readonly string[];
}

/** A plan that does nothing, for the reasons it gives. */
export function refusal(problems: readonly string[], warnings: readonly string[]): Plan {
  return { problems, warnings, steps: [], undo: [], closing: [] };
}

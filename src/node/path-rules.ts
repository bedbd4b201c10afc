import { isAbsolute, normalize } from "node:path";

/** What this operating system takes for the path of a directory. */
export interface PathRules {
  /** The one form in which a path is used; undefined for one that is relative, leads upwards, or is a root. */
  readonly canonical: (path: string) => string | undefined;
  /** True when two paths in that form are one. */
  readonly areSame: (one: string, other: string) => boolean;
}

export const unixPaths: PathRules = {
  canonical: (path) => {
    const plain = normalize(path).replace(/(.)\/$/, "$1");
    const isWrong =
      !isAbsolute(path) || path.includes("\0") || path.split("/").includes("..") || plain === "/";
    return isWrong ? undefined : plain;
  },
  areSame: (one, other) => one === other,
};

import { unwatchFile, watchFile } from "node:fs";

const LOOK_MS = 2000;

/**
 * Tells when one of some files has changed, also when it came or was put in place by a link, as Kubernetes does with
 * Secrets: it looks now and then, since no notice of a system covers all of that.
 */
export function watchFiles(paths: readonly string[], onChange: () => void): { close(): void } {
  for (const path of paths) watchFile(path, { interval: LOOK_MS, persistent: false }, onChange);
  return {
    close: () => {
      for (const path of paths) unwatchFile(path, onChange);
    },
  };
}

import type { Log } from "../../kit/log.ts";
import { watchFiles } from "../../kit/watched-files.ts";
import { readKeyFile } from "./key-file.ts";
import type { KeyRing } from "./key-ring.ts";

/** Puts the keys of a file that has changed in place; while it can't be used, the keys before stay valid. */
export function watchKeys(path: string, keys: KeyRing, log: Log): { close(): void } {
  return watchFiles([path], () => {
    readKeyFile(path).then(
      (read) => {
        keys.replace(read);
        log.info(
          { path, keys: read.map(({ name, role }) => `${name} (${role})`) },
          "API keys were read again",
        );
      },
      (error: unknown) => {
        log.error(
          { err: error },
          "the file of API keys has changed and can't be used: the keys before stay valid",
        );
      },
    );
  });
}

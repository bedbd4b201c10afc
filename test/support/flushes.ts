import { DirectorySync } from "../../src/agent/engine/pool/directory-sync.ts";

/** A directory whose flushes fail while the test wants it. */
export function flushes() {
  let broken = false;
  const sync = () => (broken ? Promise.reject(new Error("EIO")) : Promise.resolve());
  return { sync: new DirectorySync({ sync }), breaks: (now: boolean) => (broken = now) };
}

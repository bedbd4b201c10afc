import { timingSafeEqual } from "node:crypto";
import { type AccessKey, digestOf } from "./access-key.ts";

/** The keys that are valid now. */
export class KeyRing {
  #keys: readonly AccessKey[];
  #generation = 0;

  constructor(keys: readonly AccessKey[]) {
    this.#keys = keys;
  }

  /** Puts other keys in place of all; requests that are at work go on. */
  replace(keys: readonly AccessKey[]): void {
    this.#keys = keys;
    this.#generation++;
  }

  /** How often all keys were replaced. */
  get generation(): number {
    return this.#generation;
  }

  /** The key that a caller showed. The time it takes tells nothing about any key. */
  find(sent: string): AccessKey | undefined {
    const digest = digestOf(sent);
    let found: AccessKey | undefined;
    for (const key of this.#keys) {
      if (timingSafeEqual(digest, key.digest)) found ??= key;
    }
    return found;
  }
}

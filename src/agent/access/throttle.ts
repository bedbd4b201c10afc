import ipaddr from "ipaddr.js";
import { RateLimiterMemory } from "rate-limiter-flexible";
import type { KeyRing } from "./key-ring.ts";

export interface ThrottleSettings {
  /** Wrong keys that an address may show within the window before it has to wait. */
  readonly attempts: number;
  /** Seconds; also how long it then has to wait. */
  readonly windowSeconds: number;
}

export const defaultThrottle: ThrottleSettings = { attempts: 10, windowSeconds: 60 };

/** Pairs of key and address that are remembered as good. */
const MOST_KNOWN = 10_000;

/**
 * Slows those down who guess keys. An address that showed too many wrong ones is not listened to for a while, except with
 * a key that it showed before rightly: a neighbour behind the same address must not lock the controller out.
 */
export class Throttle {
  readonly #failures: RateLimiterMemory;
  readonly #keys: KeyRing;
  readonly #known = new Set<string>();

  constructor({ attempts, windowSeconds }: ThrottleSettings, keys: KeyRing) {
    this.#keys = keys;
    this.#failures = new RateLimiterMemory({ points: attempts, duration: windowSeconds });
  }

  /** Seconds until keys from this address are looked at again; 0 when they are. */
  async secondsToWait(address: string): Promise<number> {
    const failures = await this.#failures.get(this.#guesser(address));
    if (failures === null || failures.remainingPoints > 0) return 0;
    return Math.max(1, Math.ceil(failures.msBeforeNext / 1000));
  }

  async failed(address: string): Promise<void> {
    await this.#failures.penalty(this.#guesser(address));
  }

  /** Whose failures are counted together. Other keys start a new count: a client may have had the new one too early. */
  #guesser(address: string): string {
    return `${this.#keys.generation} ${networkOf(address)}`;
  }

  passed(address: string, keyName: string): void {
    const pair = pairOf(address, keyName);
    if (this.#known.has(pair)) return;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.add(pair);
  }

  isKnown(address: string, keyName: string): boolean {
    return this.#known.has(pairOf(address, keyName));
  }
}

function pairOf(address: string, keyName: string): string {
  return `${networkOf(address)} ${keyName}`;
}

/** An IPv6 host has a whole /64 to speak from. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(":") : parsed.toString();
}

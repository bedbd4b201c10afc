import type { Wire } from "../api/api-client.ts";
import { objectIn, textIn } from "../objects/metadata.ts";

/** What a Lease says of who leads. */
export interface LeaseRecord {
  /** "" when nobody does. */
  readonly holder: string;
  /** How long the holder may be silent, in milliseconds. */
  readonly durationMs: number;
  /** Changes with each renewal; the other side's clock, compared with nothing but itself. */
  readonly renewTime: string;
  readonly acquireTime: string;
  readonly transitions: number;
}

/** What a Lease object says; a field that is missing says that nobody holds it. */
export function readLease(lease: Wire): LeaseRecord {
  const spec = objectIn(lease, "spec");
  const count = (name: string): number => {
    const value = spec[name];
    return typeof value === "number" && value >= 0 ? value : 0;
  };
  return {
    holder: textIn(spec, "holderIdentity"),
    durationMs: count("leaseDurationSeconds") * 1000,
    renewTime: textIn(spec, "renewTime"),
    acquireTime: textIn(spec, "acquireTime"),
    transitions: count("leaseTransitions"),
  };
}

/** The `spec` of a Lease object. */
export function leaseSpec({ holder, durationMs, renewTime, acquireTime, transitions }: LeaseRecord): Wire {
  return {
    holderIdentity: holder,
    leaseDurationSeconds: Math.max(1, Math.ceil(durationMs / 1000)),
    renewTime,
    acquireTime,
    leaseTransitions: transitions,
  };
}

/** A time as `metav1.MicroTime` has it. */
export function microTime(time: Date): string {
  return time.toISOString().replace("Z", "000Z");
}

import { StatusError } from "../../../kit/errors.ts";
import { unlessGone } from "../../../kit/unless-gone.ts";
import type { ApiClient, Wire } from "../api/api-client.ts";
import { objectIn } from "../objects/metadata.ts";
import { type LeaseRecord, leaseSpec, microTime, readLease } from "./lease-record.ts";

/** Which Lease, and who asks for it. */
export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
  /** Nobody else's. */
  readonly holder: string;
}

/** The last sight of a Lease that another holds. */
interface Sight {
  readonly record: LeaseRecord;
  /** When it was first seen as it is, on the clock of performance.now(). */
  readonly since: number;
}

/**
 * A Lease object as several replicas compete for it, by the rules of client-go's leader election: no clock of another
 * machine is believed, a holder counts as gone when its record did not change for the time that it names, and the
 * resourceVersion lets one of several that see that at once be the next.
 */
export class Lease {
  readonly #api: ApiClient;
  readonly #name: LeaseName;
  readonly #durationMs: number;
  readonly #collection: string;
  readonly #path: string;
  #sight: Sight | undefined;
  #object: Wire | undefined;

  constructor(api: ApiClient, name: LeaseName, durationMs: number) {
    this.#api = api;
    this.#name = name;
    this.#durationMs = durationMs;
    this.#collection = `/apis/coordination.k8s.io/v1/namespaces/${name.namespace}/leases`;
    this.#path = `${this.#collection}/${name.name}`;
  }

  /** Who was last seen to hold it; "" for nobody. */
  get holder(): string {
    return this.#sight?.record.holder ?? "";
  }

  /**
   * Takes the lease when nobody holds it. @returns whether it is ours now
   * @throws StatusError when nobody knows: the API server did not say
   */
  async take(signal: AbortSignal): Promise<boolean> {
    const lease = await this.#read(signal);
    const now = microTime(new Date());
    if (lease === undefined) {
      const object = this.#newLease(now);
      return await this.#write(() => this.#api.create(this.#collection, object, signal));
    }
    const record = readLease(lease);
    if (record.holder !== this.#name.holder && this.#isHeld(record)) return false;
    const transitions = record.transitions + (record.holder === this.#name.holder ? 0 : 1);
    return await this.#put(lease, { ...this.#own(now), acquireTime: now, transitions }, signal);
  }

  /**
   * Renews what {@link take} took. "unclear" when another has changed the object meanwhile: it is looked at next time.
   * @throws StatusError when nobody knows: the API server did not say
   */
  async renew(signal: AbortSignal): Promise<"renewed" | "lost" | "unclear"> {
    const lease = this.#object ?? (await this.#read(signal));
    if (lease === undefined) return "lost";
    const record = readLease(lease);
    if (record.holder !== this.#name.holder) {
      this.#isHeld(record);
      return "lost";
    }
    const renewed = { ...record, ...this.#own(microTime(new Date())) };
    return (await this.#put(lease, renewed, signal)) ? "renewed" : "unclear";
  }

  /** Lets the next one have it at once, if it is ours. */
  async release(signal: AbortSignal): Promise<void> {
    const lease = this.#object ?? (await this.#read(signal));
    if (lease === undefined) return;
    const record = readLease(lease);
    if (record.holder !== this.#name.holder) return;
    const free = { ...record, holder: "", durationMs: 1000, renewTime: microTime(new Date()) };
    await this.#put(lease, free, signal);
  }

  #own(renewTime: string) {
    return { holder: this.#name.holder, durationMs: this.#durationMs, renewTime };
  }

  async #read(signal: AbortSignal): Promise<Wire | undefined> {
    return await unlessGone(this.#api.get(this.#path, signal));
  }

  #isHeld(record: LeaseRecord): boolean {
    const { renewTime, holder } = this.#sight?.record ?? {};
    if (this.#sight === undefined || renewTime !== record.renewTime || holder !== record.holder)
      this.#sight = { record, since: performance.now() };
    // A holder that names no time gets ours.
    const durationMs = record.durationMs || this.#durationMs;
    return record.holder !== "" && performance.now() < this.#sight.since + durationMs;
  }

  /** Fields that others put there stay. */
  async #put(lease: Wire, record: LeaseRecord, signal: AbortSignal): Promise<boolean> {
    const spec = { ...objectIn(lease, "spec"), ...leaseSpec(record) };
    return await this.#write(() => this.#api.replace(this.#path, { ...lease, spec }, signal));
  }

  async #write(write: () => Promise<Wire>): Promise<boolean> {
    this.#object = undefined;
    try {
      this.#object = await write();
      this.#sight = { record: readLease(this.#object), since: performance.now() };
      return true;
    } catch (error) {
      const { code } = StatusError.from(error);
      if (code === "ABORTED" || code === "ALREADY_EXISTS") return false;
      throw error;
    }
  }

  #newLease(now: string): Wire {
    const { namespace, name } = this.#name;
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { namespace, name },
      spec: leaseSpec({ ...this.#own(now), acquireTime: now, transitions: 0 }),
    };
  }
}

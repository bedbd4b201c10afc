import type { ClientCall } from "../agent-client/agent-client.ts";
import type { VolumeAnswer } from "../agent-client/wire.ts";
import type { TopologyRequirement__Output } from "../csi/generated/csi/v1/TopologyRequirement.ts";
import { StatusError } from "../kit/errors.ts";
import type { Group } from "./groups.ts";
import { look } from "./look.ts";
import type { ControllerParts } from "./parts.ts";
import { RecentPlaces } from "./recent-places.ts";
import { groupNamesIn } from "./topology.ts";

/** Asks a group for the volume. */
type Create = (group: Group) => Promise<VolumeAnswer>;

/** What is to be placed. */
export interface Wanted {
  readonly name: string;
  /** Bytes; groups without room for them come last in their rank. */
  readonly size: bigint;
  /** The pool that it must lie in. */
  readonly pool: string | undefined;
}

/** A new volume, or the one that was there already, and who has it. */
export interface Placed {
  readonly group: Group;
  readonly volume: VolumeAnswer;
}

/** A group that did not get the volume, and why. */
interface PassedOver {
  readonly group: Group;
  readonly error: StatusError;
}

/**
 * Finds the group of a new volume. First the one that has its name: any allowed group is asked for it, and one that was
 * asked to create it lately and does not answer now may have it, so that the answer is UNAVAILABLE rather than a twin.
 * Else the allowed groups in order: the preferred ones as they stand, then the other requisite ones by what they can
 * promise. One that does not answer, is full or has no such pool is passed over.
 */
export class Placement {
  readonly #parts: ControllerParts;
  readonly #recent = new RecentPlaces();

  constructor(parts: ControllerParts) {
    this.#parts = parts;
  }

  /**
   * @param create must be NOT_FOUND for a pool that there is not, and for nothing else
   * @throws StatusError RESOURCE_EXHAUSTED when no allowed group has room or the pool, UNAVAILABLE when one that might have
   * does not answer
   */
  async place(
    wanted: Wanted,
    requirement: TopologyRequirement__Output | null,
    create: Create,
    call: ClientCall,
  ): Promise<Placed> {
    const { name, pool } = wanted;
    const ranks = this.#ranks(requirement);
    const allowed = ranks.flat();
    const [only] = allowed;
    if (only !== undefined && allowed.length === 1) {
      const volume = await create(only).catch((error: unknown) => {
        const lacking = withoutPool(error, pool);
        throw lacking === undefined ? error : nowhere([{ group: only, error: lacking }]);
      });
      return { group: only, volume };
    }
    const passed: PassedOver[] = [];
    const attempt = async (group: Group): Promise<Placed | undefined> => {
      this.#recent.set(name, group.name);
      try {
        return { group, volume: await create(group) };
      } catch (thrown) {
        const error = withoutPool(thrown, pool) ?? thrown;
        if (!(error instanceof StatusError) || error.code !== "RESOURCE_EXHAUSTED") throw error;
        this.#recent.delete(name, group.name);
        passed.push({ group, error });
        return undefined;
      }
    };
    const isPassed = (group: Group) => passed.some((each) => each.group === group);
    const recent = () => {
      const place = this.#recent.get(name);
      return allowed.find((group) => group.name === place && !isPassed(group));
    };

    const before = recent();
    const again = before && (await attempt(before));
    if (again !== undefined) return again;
    const owner = await groupThatHas(name, allowed, passed, call);
    const found = owner && (await attempt(owner));
    if (found !== undefined) return found;
    for (const rank of ranks) {
      for (const group of await byRoom(rank, isPassed, passed, wanted, call)) {
        // Another call for this name may have chosen meanwhile.
        const placed = await attempt(recent() ?? group);
        if (placed !== undefined) return placed;
      }
    }
    throw nowhere(passed);
  }

  /** Groups that the topology allows: those of one rank are equal. @throws StatusError RESOURCE_EXHAUSTED */
  #ranks(requirement: TopologyRequirement__Output | null): Group[][] {
    const { groups, names } = this.#parts;
    const preferred = groupNamesIn(requirement?.preferred, names.topologyKey);
    const requisite = groupNamesIn(requirement?.requisite, names.topologyKey);
    if (preferred.length === 0 && requisite.length === 0) {
      if (groups.all().length > 0) return [groups.all()];
      throw new StatusError("UNAVAILABLE", "no agent is configured in this controller");
    }
    const known = (list: readonly string[]) => list.flatMap((name) => groups.get(name) ?? []);
    const others = known(requisite.filter((name) => !preferred.includes(name)));
    const ranks = [...known(preferred).map((group) => [group]), others].filter((rank) => rank.length > 0);
    if (ranks.length > 0) return ranks;
    const wanted = [...new Set([...preferred, ...requisite])].join(", ");
    throw new StatusError("RESOURCE_EXHAUSTED", `no agent serves the topology asked for: ${wanted}`);
  }
}

/** The group in which the name exists. Those that do not answer are passed over from then on. */
async function groupThatHas(
  name: string,
  groups: readonly Group[],
  passed: PassedOver[],
  call: ClientCall,
): Promise<Group | undefined> {
  const asked = groups.filter((group) => !passed.some((each) => each.group === group));
  const answers = await Promise.all(
    asked.map(async (group) => {
      try {
        const volume = await look(group, call, (agent, own) => agent.getVolume(name, own));
        return volume.name === name ? group : undefined;
      } catch (error) {
        const status = StatusError.from(error);
        if (status.code !== "NOT_FOUND") passed.push({ group, error: status });
        return undefined;
      }
    }),
  );
  return answers.find((group) => group !== undefined);
}

/** Groups of one rank, those with room first, then by what they can promise. */
async function byRoom(
  rank: readonly Group[],
  isPassed: (group: Group) => boolean,
  passed: PassedOver[],
  { size, pool }: Wanted,
  call: ClientCall,
): Promise<Group[]> {
  const groups = rank.filter((group) => !isPassed(group));
  if (groups.length < 2) return groups;
  const rooms = await Promise.all(
    groups.map(async (group) => {
      try {
        const room = await look(group, call, (agent, own) => agent.capacity(pool, own));
        return [{ group, fits: BigInt(room.MaximumVolumeSize) >= size, free: room.AvailableCapacity }];
      } catch (error) {
        passed.push({ group, error: withoutPool(error, pool) ?? StatusError.from(error) });
        return [];
      }
    }),
  );
  return rooms
    .flat()
    .sort((one, other) => Number(other.fits) - Number(one.fits) || other.free - one.free)
    .map(({ group }) => group);
}

/** A group has no such pool: that is no room for the volume there, and another group may have it. Undefined for another error. */
function withoutPool(error: unknown, pool: string | undefined): StatusError | undefined {
  if (pool === undefined || !(error instanceof StatusError) || error.code !== "NOT_FOUND") return undefined;
  return new StatusError("RESOURCE_EXHAUSTED", error.message, error);
}

/** Reasons that one message tells. */
const MOST_REASONS = 5;

/** A group that does not answer may have room: then the request is worth repeating as it is. */
function nowhere(passed: readonly PassedOver[]): StatusError {
  const code = passed.every(({ error }) => error.code === "RESOURCE_EXHAUSTED")
    ? "RESOURCE_EXHAUSTED"
    : "UNAVAILABLE";
  const reasons = passed.slice(0, MOST_REASONS).map(({ group, error }) => `${group.name}: ${error.message}`);
  if (passed.length > MOST_REASONS) reasons.push(`${passed.length - MOST_REASONS} more`);
  return new StatusError(
    code,
    `no group that the topology allows can take the volume: ${reasons.join("; ")}`,
  );
}

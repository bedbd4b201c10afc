import type { AgentClient, ClientCall } from "../agent-client/agent-client.ts";
import type { ListedVolume } from "../agent-client/wire.ts";
import type { VolumeCondition } from "../csi/generated/csi/v1/VolumeCondition.ts";
import { volumeCondition } from "../csi/volume-condition.ts";
import { within } from "../kit/budget.ts";

/** How long a list of volumes waits to learn how they are, in milliseconds. */
const LONGEST_WAIT = 2000;

/** Tells the condition of a volume of a page. */
export type ConditionOf = (listed: ListedVolume) => VolumeCondition;

/**
 * Asks an agent once how the volumes of a page are. It opens each of them, and a list must not fail or wait long
 * because of a disk that hangs: then it is told what is known without a look.
 */
export async function conditionsOnPage(
  agent: AgentClient,
  maxEntries: number,
  token: string,
  call: ClientCall,
): Promise<ConditionOf> {
  const now = performance.now();
  const ms = Math.max(1, Math.min(LONGEST_WAIT, (call.deadline - now) / 2));
  try {
    const { volumes } = await within(ms, call.signal, (signal) =>
      agent.listHealth(maxEntries, token, { ...call, signal, deadline: now + ms }),
    );
    const problems = new Map(
      volumes.map(({ id, problems }) => [id, problems.map(({ message }) => message)] as const),
    );
    return (listed) => volumeCondition(problems.get(listed.DiskIdentifier) ?? faultOf(listed));
  } catch {
    call.signal.throwIfAborted();
    return (listed) => {
      const fault = faultOf(listed);
      if (fault.length > 0) return volumeCondition(fault);
      return { abnormal: false, message: "not known: its host did not tell in time" };
    };
  }
}

function faultOf({ Fault }: ListedVolume): string[] {
  return Fault === null ? [] : [Fault];
}

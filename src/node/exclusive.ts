import type { CsiCall } from "../csi/rpc.ts";
import { waitFor } from "../kit/deadline.ts";
import type { NodeParts } from "./parts.ts";

/**
 * Runs a change of one volume alone: a call that comes meanwhile is ABORTED at once. The work goes on when its
 * caller stops waiting, because a killed mkfs would leave a disk that is neither blank nor formatted.
 */
export async function exclusive<T>(
  { locks }: NodeParts,
  rpc: string,
  volumeId: string,
  call: CsiCall,
  work: () => Promise<T>,
): Promise<T> {
  return await waitFor(locks.runNow(`volume ${volumeId}`, rpc, work), `${rpc} of ${volumeId}`, call.signal);
}

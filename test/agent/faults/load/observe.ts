import type { AgentClient } from "../../../../src/agent-client/agent-client.ts";
import { testCall } from "../../../support/agent.ts";
import { readDisk } from "../../../support/disk-content.ts";
import type { Seen } from "./name-history.ts";

export const CONTENT_BYTES = 4096;
export const LABEL = "load";

/** All volumes and snapshots that an agent serves, by kind and name, with the first bytes of each. */
export async function observe(client: AgentClient): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>();
  const { volumes } = await client.listVolumes(0, "", testCall());
  for (const volume of volumes) {
    if (volume.Fault !== null) throw new Error(`volume ${volume.Name} has a fault: ${volume.Fault}`);
    seen.set(`volume ${volume.Name}`, {
      id: volume.DiskIdentifier,
      size: volume.Size,
      label: volume.Labels[LABEL],
      content: await firstByte(volume.Path),
      vm: volume.Host ?? undefined,
      pool: volume.Pool,
    });
  }
  const { snapshots } = await client.listSnapshots(undefined, 0, "", testCall());
  for (const { name, id, size, labels, pool } of snapshots) {
    const content = 0;
    seen.set(`snapshot ${name}`, { id, size, label: labels[LABEL], content, vm: undefined, pool });
  }
  return seen;
}

/** The byte that fills the content. @throws Error when it is not one byte alone: something was torn. */
async function firstByte(path: string): Promise<number> {
  const bytes = await readDisk(path, 0n, CONTENT_BYTES);
  const [first = 0] = bytes;
  if (bytes.some((byte) => byte !== first)) throw new Error(`the content of ${path} is torn`);
  return first;
}

/** What the agent's own doctor finds. */
export async function findings(client: AgentClient): Promise<string[]> {
  const { findings } = await client.doctor(false, testCall());
  return findings.map(({ kind, path, message }) => `${kind} ${path}: ${message}`);
}

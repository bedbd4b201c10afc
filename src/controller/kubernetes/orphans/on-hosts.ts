import type { AgentClient } from "../../../agent-client/agent-client.ts";
import { allPages } from "../../../agent-client/all-pages.ts";
import { newCall } from "../../../agent-client/new-call.ts";
import { parseHandle } from "../../../csi/handle.ts";
import { StatusError } from "../../../kit/errors.ts";
import { unlessGone } from "../../../kit/unless-gone.ts";
import type { Group, Groups } from "../../groups.ts";
import type { Disk, OnHosts, Orphan } from "./orphan.ts";

/**
 * The volumes and snapshots of all groups.
 * @throws StatusError UNAVAILABLE naming a group that did not answer: what it has is not missing
 */
export async function onHosts(groups: Groups, signal: AbortSignal): Promise<OnHosts> {
  const each = await Promise.all(
    groups.all().map(async (group) => ({
      volumes: await answered(group, volumesOf(group, signal)),
      snapshots: await answered(group, snapshotsOf(group, signal)),
    })),
  );
  return {
    volumes: each.flatMap(({ volumes }) => volumes),
    snapshots: each.flatMap(({ snapshots }) => snapshots),
  };
}

/**
 * Those whose disk is gone by the word of its own group, or for a bare GUID of all: an agent's list leaves out what lies
 * in a pool that it could not read since its start, and asked by id it says so.
 * @throws StatusError UNAVAILABLE for one that can't be told; of a group that is not configured none can
 */
export async function reallyGone(
  missing: readonly Orphan[],
  groups: Groups,
  signal: AbortSignal,
): Promise<Orphan[]> {
  const gone: Orphan[] = [];
  for (const orphan of missing) if (await isGone(orphan, groups, signal)) gone.push(orphan);
  return gone;
}

async function isGone({ kind, handle }: Orphan, groups: Groups, signal: AbortSignal): Promise<boolean> {
  const parsed = parseHandle(handle);
  if (parsed === undefined) return true;
  const group = parsed.group === undefined ? undefined : groups.get(parsed.group);
  if (parsed.group !== undefined && group === undefined) return false;
  const asked = group === undefined ? groups.all() : [group];
  const answers = await Promise.all(
    asked.map((one) => answered(one, unlessGone(ask(kind, one.agent, parsed.id, signal)))),
  );
  // An agent looks for a name, too.
  return answers.every((answer) => answer?.id !== parsed.id);
}

function ask(
  kind: Orphan["kind"],
  agent: AgentClient,
  id: string,
  signal: AbortSignal,
): Promise<{ readonly id: string }> {
  return newCall<{ readonly id: string }>(signal, (call) =>
    kind === "pv-without-volume" ? agent.getVolume(id, call) : agent.getSnapshot(id, call),
  );
}

async function volumesOf({ name: group, agent }: Group, signal: AbortSignal): Promise<Disk[]> {
  return await allPages(async (maxEntries, token) => {
    const { volumes, next_token } = await newCall(signal, (call) =>
      agent.listVolumes(maxEntries, token, call),
    );
    const items = volumes.map(({ DiskIdentifier: id, Name: name }) => ({ group, id, name }));
    return { items, next: next_token };
  });
}

async function snapshotsOf({ name: group, agent }: Group, signal: AbortSignal): Promise<Disk[]> {
  return await allPages(async (maxEntries, token) => {
    const answer = await newCall(signal, (call) => agent.listSnapshots(undefined, maxEntries, token, call));
    const items = answer.snapshots.map(({ id, name }) => ({ group, id, name }));
    return { items, next: answer.next_token };
  });
}

async function answered<T>(group: Group, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { message } = StatusError.from(error);
    throw new StatusError(
      "UNAVAILABLE",
      `nothing can be told of what is missing while group ${group.name} does not answer: ${message}`,
      error,
    );
  }
}

import { type AgentHttp, type ClientCall, path } from "./agent-http.ts";
import * as answers from "./generated/answers.ts";
import { pairs } from "./volume-calls.ts";
import type * as wire from "./wire.ts";

type Labels = Readonly<Record<string, string>>;

export interface SnapshotCalls {
  createSnapshot(
    name: string,
    volumeId: string,
    labels: Labels,
    call: ClientCall,
  ): Promise<wire.SnapshotAnswer>;
  getSnapshot(idOrName: string, call: ClientCall): Promise<wire.SnapshotAnswer>;
  deleteSnapshot(id: string, call: ClientCall): Promise<void>;
  /** Of one volume, or of all. */
  listSnapshots(
    volumeId: string | undefined,
    maxEntries: number,
    token: string,
    call: ClientCall,
  ): Promise<wire.SnapshotList>;
  /** Where a snapshot holds data, or differs from `base`. */
  blocks(
    id: string,
    base: string | undefined,
    startingOffset: bigint,
    maxEntries: number,
    call: ClientCall,
  ): Promise<wire.BlockList>;
  createSnapshotGroup(
    name: string,
    volumeIds: readonly string[],
    labels: Labels,
    call: ClientCall,
  ): Promise<wire.SnapshotGroupAnswer>;
  getSnapshotGroup(idOrName: string, call: ClientCall): Promise<wire.SnapshotGroupAnswer>;
  deleteSnapshotGroup(id: string, call: ClientCall): Promise<void>;
  listSnapshotGroups(call: ClientCall): Promise<wire.SnapshotGroupList>;
}

export function snapshotCalls({ ask, tell }: AgentHttp): SnapshotCalls {
  return {
    createSnapshot: async (name, volume, labels, call) =>
      await ask(
        answers.isSnapshotAnswer,
        { method: "POST", url: path`/snapshot/${name}`, params: { volume, label: pairs(labels) } },
        call,
      ),
    getSnapshot: async (id, call) =>
      await ask(answers.isSnapshotAnswer, { url: path`/snapshot/${id}` }, call),
    deleteSnapshot: async (id, call) => {
      await tell({ method: "DELETE", url: path`/snapshot/${id}` }, call);
    },
    listSnapshots: async (volume, maxEntries, nextToken, call) =>
      await ask(
        answers.isSnapshotList,
        { url: "/snapshots", params: { volume, maxEntries, nextToken } },
        call,
      ),
    blocks: async (id, base, startingOffset, maxEntries, call) =>
      await ask(
        answers.isBlockList,
        {
          url: path`/snapshot/${id}/blocks`,
          params: { base, startingOffset: String(startingOffset), maxEntries },
        },
        call,
      ),
    createSnapshotGroup: async (name, volume, labels, call) =>
      await ask(
        answers.isSnapshotGroupAnswer,
        { method: "POST", url: path`/snapshotgroup/${name}`, params: { volume, label: pairs(labels) } },
        call,
      ),
    getSnapshotGroup: async (id, call) =>
      await ask(answers.isSnapshotGroupAnswer, { url: path`/snapshotgroup/${id}` }, call),
    deleteSnapshotGroup: async (id, call) => {
      await tell({ method: "DELETE", url: path`/snapshotgroup/${id}` }, call);
    },
    listSnapshotGroups: async (call) =>
      await ask(answers.isSnapshotGroupList, { url: "/snapshotgroups" }, call),
  };
}

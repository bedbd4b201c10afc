import { type AgentHttp, type ClientCall, path } from "./agent-http.ts";
import * as answers from "./generated/answers.ts";
import type * as wire from "./wire.ts";

/** What a new volume is to be besides its name. */
export interface NewVolumeOptions {
  /** Bytes; a copy without a size is as large as its source. */
  readonly size?: bigint;
  /** Any size from `size` up to it will do. */
  readonly limit?: bigint;
  readonly pool?: string;
  readonly type?: string;
  /** Bytes of a VHDX block. */
  readonly blockSize?: bigint;
  /** What the file is named instead of as the volume. */
  readonly fileName?: string;
  readonly sourceVolume?: string;
  readonly sourceSnapshot?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface VolumeModification {
  readonly labels?: Readonly<Record<string, string>>;
  /** Keys of labels to remove. */
  readonly unlabel?: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface VolumeCalls {
  createVolume(name: string, options: NewVolumeOptions, call: ClientCall): Promise<wire.VolumeAnswer>;
  getVolume(idOrName: string, call: ClientCall): Promise<wire.VolumeAnswer>;
  deleteVolume(id: string, call: ClientCall): Promise<void>;
  listVolumes(maxEntries: number, token: string, call: ClientCall): Promise<wire.VolumeList>;
  /** To any size from `size` to `limit` bytes; a larger volume is fine when it is within. */
  expandVolume(
    id: string,
    size: bigint,
    limit: bigint | undefined,
    call: ClientCall,
  ): Promise<wire.ExpandAnswer>;
  modifyVolume(id: string, change: VolumeModification, call: ClientCall): Promise<wire.VolumeAnswer>;
  attach(vmId: string, volumeId: string, readOnly: boolean, call: ClientCall): Promise<wire.AttachmentAnswer>;
  /** With `onlyWhenOff` FAILED_PRECONDITION unless the VM is off at the moment of the change. */
  detach(vmId: string, volumeId: string, call: ClientCall, onlyWhenOff?: boolean): Promise<void>;
  attachmentsOf(volumeId: string, call: ClientCall): Promise<wire.AttachmentAnswer[]>;
  volumeHealth(id: string, call: ClientCall): Promise<wire.HealthAnswer>;
  /** Looks at up to `maxEntries` volumes behind a token, and tells of those with problems. */
  listHealth(maxEntries: number, token: string, call: ClientCall): Promise<wire.HealthList>;
  importVolume(
    name: string,
    file: string,
    pool: string | undefined,
    call: ClientCall,
  ): Promise<wire.VolumeAnswer>;
  exportVolume(id: string, file: string, call: ClientCall): Promise<void>;
  moveVolume(id: string, pool: string, call: ClientCall): Promise<wire.VolumeAnswer>;
  listDeleted(call: ClientCall): Promise<wire.DeletedList>;
  restoreVolume(id: string, call: ClientCall): Promise<wire.VolumeAnswer>;
}

export function volumeCalls({ ask, tell }: AgentHttp): VolumeCalls {
  return {
    createVolume: async (name, options, call) =>
      await ask(
        answers.isVolumeAnswer,
        { method: "POST", url: path`/volume/${name}`, params: createQuery(options) },
        call,
      ),
    getVolume: async (id, call) => await ask(answers.isVolumeAnswer, { url: path`/volume/${id}` }, call),
    deleteVolume: async (id, call) => {
      await tell({ method: "DELETE", url: path`/volume/${id}` }, call);
    },
    listVolumes: async (maxEntries, nextToken, call) =>
      await ask(answers.isVolumeList, { url: "/volumes", params: { maxEntries, nextToken } }, call),
    expandVolume: async (id, size, limit, call) =>
      await ask(
        answers.isExpandAnswer,
        {
          method: "PUT",
          url: path`/volume/${id}`,
          params: { size: String(size), limit: limit === undefined ? undefined : String(limit) },
        },
        call,
      ),
    modifyVolume: async (id, { labels, unlabel, attributes }, call) =>
      await ask(
        answers.isVolumeAnswer,
        {
          method: "PATCH",
          url: path`/volume/${id}`,
          params: { label: pairs(labels), unlabel, attribute: pairs(attributes) },
        },
        call,
      ),
    attach: async (vmId, id, readonly, call) =>
      await ask(
        answers.isAttachmentAnswer,
        {
          method: "PUT",
          url: path`/attachment/node/${vmId}/volume/${id}`,
          params: { readonly },
          headers: { Prefer: "return=representation" },
        },
        call,
      ),
    detach: async (vmId, id, call, onlyWhenOff) => {
      const url = path`/attachment/node/${vmId}/volume/${id}`;
      await tell({ method: "DELETE", url, params: onlyWhenOff === true ? { onlyWhenOff } : {} }, call);
    },
    attachmentsOf: async (id, call) =>
      (await ask(answers.isAttachmentList, { url: path`/volume/${id}/attachments` }, call)).Attachments,
    volumeHealth: async (id, call) =>
      await ask(answers.isHealthAnswer, { url: path`/volume/${id}/health` }, call),
    listHealth: async (maxEntries, nextToken, call) =>
      await ask(answers.isHealthList, { url: "/volumes/health", params: { maxEntries, nextToken } }, call),
    importVolume: async (name, file, pool, call) =>
      await ask(
        answers.isVolumeAnswer,
        { method: "POST", url: path`/volume/${name}/import`, params: { file, pool } },
        call,
      ),
    exportVolume: async (id, file, call) => {
      await tell({ method: "POST", url: path`/volume/${id}/export`, params: { file } }, call);
    },
    moveVolume: async (id, pool, call) =>
      await ask(
        answers.isVolumeAnswer,
        { method: "POST", url: path`/volume/${id}/move`, params: { pool } },
        call,
      ),
    listDeleted: async (call) => await ask(answers.isDeletedList, { url: "/deleted" }, call),
    restoreVolume: async (id, call) =>
      await ask(answers.isVolumeAnswer, { method: "POST", url: path`/deleted/${id}/restore` }, call),
  };
}

function createQuery({ size, limit, blockSize, labels, attributes, ...others }: NewVolumeOptions) {
  return {
    size: size === undefined ? undefined : String(size),
    limit: limit === undefined ? undefined : String(limit),
    blockSize: blockSize === undefined ? undefined : String(blockSize),
    ...others,
    label: pairs(labels),
    attribute: pairs(attributes),
  };
}

/** `key=value` texts. */
export function pairs(texts: Readonly<Record<string, string>> | undefined): string[] | undefined {
  return texts && Object.entries(texts).map(([key, value]) => `${key}=${value}`);
}

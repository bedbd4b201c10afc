import { KeyedLocks } from "../../../kit/locks.ts";
import type { Log } from "../../../kit/log.ts";
import type { Host, HostManifest } from "../host.ts";
import { AlarmEvents } from "./alarm-events.ts";
import { alarmOf } from "./alarms.ts";
import { Announcer } from "./announce.ts";
import { attach, detach } from "./attach.ts";
import { copyInUse } from "./copy-in-use.ts";
import { isInOn } from "./disk-paths.ts";
import { diskReader } from "./disk-reader.ts";
import { grow } from "./grow.ts";
import { applyQos } from "./limits.ts";
import { LongChains } from "./long-chains.ts";
import type { HypervParts } from "./parts.ts";
import { qosAttributes, qosOf } from "./qos.ts";
import { ownCheckpoints, reap } from "./reaper.ts";
import { Reverts } from "./reverts.ts";
import { attachmentOf, type Seen } from "./seen.ts";
import { Strangers } from "./strangers.ts";
import { Survey } from "./survey.ts";
import { acceptWorker } from "./worker/accept.ts";
import { hypervWorkers } from "./worker/hyperv-workers.ts";
import type { WorkerObserver } from "../../../kit/worker/pool.ts";
import type { WorkerSettings } from "../../../kit/worker/settings.ts";

/** How often checkpoints that were left, and VMs that are new, are looked for. */
const ROUND_MS = 60_000;

export interface HypervSettings {
  readonly workers: WorkerSettings;
  readonly group: string;
  readonly slotsPerVm: number;
  /** How long the changes of a VM wait for the merge after a copy, milliseconds. */
  readonly longestMergeMs: number;
  /** The default first. */
  readonly diskTypes: HostManifest["diskTypes"];
}

/** The Hyper-V host, or failover cluster, that the workers reach. */
export function hypervHost(settings: HypervSettings, log: Log, observe: WorkerObserver): Host {
  const { slotsPerVm, diskTypes, group, longestMergeMs } = settings;
  const workers = hypervWorkers(settings.workers, log, observe, acceptWorker(group));
  const reverts = new Reverts(log);
  const longChains = new LongChains(group, longestMergeMs);
  const strangers = new Strangers();
  const survey = new Survey(workers, isInOn(), strangers, (now) => {
    reverts.compare(now);
    longChains.compare(now);
  });
  const parts: HypervParts = { workers, survey, locks: new KeyedLocks(), group, longestMergeMs, log };
  const announcer = new Announcer();
  const events = new AlarmEvents();
  let rounds: Promise<unknown> = Promise.resolve();
  const goRound = () => {
    rounds = rounds
      .then(() => Promise.all([reap(parts), announcer.tellAll(parts), survey.lookAtStrangers(log)]))
      .then(async () => {
        const seen = await survey.look();
        await events.tell(seen, (volumeId) => alarmOf(seen, reverts, longChains, volumeId), parts);
      })
      .catch((error: unknown) => {
        log.warn({ err: error }, "Hyper-V can't be looked after now");
      });
  };
  const timer = setInterval(goRound, ROUND_MS).unref();

  return {
    manifest: {
      name: "hyperv",
      diskTypes,
      slotsPerVm,
      onlineExpand: true,
      copyInUse: true,
      copyInUseAcrossPools: true,
      keepsDisksInUse: false,
      mutableAttributes: qosAttributes,
      refuseContradictions: qosOf,
    },
    openPool: async (directory) => {
      survey.openPool(directory);
      await reverts.openPool(directory);
      goRound();
    },
    diskReader: () => diskReader(parts),
    listVms: async () => {
      const seen = await survey.look();
      return [...seen.vms.values()].map((vm) => seen.vmOf(vm));
    },
    getVm: async (id) => {
      const seen = await survey.look();
      const vm = seen.vms.get(id);
      return vm && seen.vmOf(vm);
    },
    listAttachments: async () => (await survey.look()).drives().map(attachmentOf),
    attachmentsOf: async (volumeId) => (await survey.look()).drivesOf(volumeId).map(attachmentOf),
    attach: (disk, vmId, readOnly, signal, more) =>
      attach(parts, disk, vmId, readOnly, slotsPerVm, signal, more),
    detach: ({ volumeId, vmId }, signal, onlyWhenOff = false) =>
      detach(parts, volumeId, vmId, signal, onlyWhenOff),
    growAttached: (disk, { vmId }, size, signal) => grow(parts, disk, vmId, size, signal),
    applyAttributes: (volumeId, attributes, signal) => applyQos(parts, volumeId, attributes, signal),
    copyInUse: (copies, signal) => copyInUse(parts, copies, signal),
    attachmentCheck: () => {
      // One look for all: a page of health has a thousand volumes.
      let looking: Promise<Seen> | undefined;
      return async (volumeId) => alarmOf(await (looking ??= survey.look()), reverts, longChains, volumeId);
    },
    leftovers: async (remove) => {
      const left = remove ? await reap(parts) : ownCheckpoints(await survey.look(), group);
      return left.map(({ vm, checkpoint }) => ({
        path: vm.path,
        message: `checkpoint ${JSON.stringify(checkpoint.name)} of VM ${vm.id}, left by an agent that died`,
        fixed: remove,
      }));
    },
    forget: (volumeId) => {
      reverts.forget(volumeId);
      return Promise.resolve();
    },
    close: async () => {
      clearInterval(timer);
      strangers.stop();
      await rounds;
      await reverts.settled();
      await workers.close();
    },
  };
}

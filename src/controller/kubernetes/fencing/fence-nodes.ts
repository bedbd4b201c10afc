import { Gauge, type Registry } from "prom-client";
import { path } from "../../../agent-client/agent-http.ts";
import { newCall } from "../../../agent-client/new-call.ts";
import type { DriverNames } from "../../../csi/driver.ts";
import { StatusError } from "../../../kit/errors.ts";
import type { Log } from "../../../kit/log.ts";
import { pause } from "../../../kit/pause.ts";
import { unlessGone } from "../../../kit/unless-gone.ts";
import type { Groups } from "../../groups.ts";
import { look } from "../../look.ts";
import type { ApiClient } from "../api/api-client.ts";
import type { Task } from "../leader/task.ts";
import { NODES } from "../objects/nodes.ts";
import { fencePatch, type NodeState, readNode, unfencePatch } from "./fence-marks.ts";
import { type Candidate, fencingCandidates } from "./fencing-candidates.ts";
import { noteLastVms } from "./last-vm.ts";
import { decide, type FenceLook, type FenceTimes, type OffProof } from "./off-proof.ts";

export interface FencingParts {
  readonly api: ApiClient;
  readonly groups: Groups;
  readonly names: DriverNames;
  readonly log: Log;
  /** Is told of each fence that was put or taken away. */
  readonly onChange: (node: NodeState, change: "fenced" | "unfenced", vmId: string) => void;
}

/** Milliseconds. */
export interface FencingSettings extends FenceTimes {
  /** From the end of a look to the next. */
  readonly every: number;
}

/** @param unbroken milliseconds for which a VM must have been off */
export function fencingSettings(unbroken: number): FencingSettings {
  return { unbroken, every: 10_000, longestGap: 45_000 };
}

/**
 * Marks nodes out of service whose VM is proven off, so that Kubernetes detaches their volumes, and takes that back. A
 * leader that is new begins to count anew.
 */
export function fenceNodes(parts: FencingParts, registry: Registry, settings: FencingSettings): Task {
  const fenced = new Gauge({
    name: "hyperv_csi_controller_fenced_nodes",
    help: "Nodes that are marked out of service because their VM is off; told by the replica that leads",
    registers: [registry],
  });
  fenced.remove();
  return {
    name: "node fencing",
    run: async (signal) => {
      let proofs: ReadonlyMap<string, OffProof> = new Map();
      try {
        do {
          try {
            const candidates = await fencingCandidates(parts.api, parts.names, signal);
            fenced.set(candidates.all.filter(({ node }) => node.mark !== undefined).length);
            proofs = await goRound(parts, candidates.all, proofs, settings, signal);
            await noteLastVms(parts.api, candidates.unnoted, parts.names.driverName, parts.log, signal);
          } catch (error) {
            // What was not looked at is not known: the rows are too old when the gap is over.
            if (!signal.aborted)
              parts.log.warn(
                { reason: StatusError.from(error).message },
                "nodes can't be looked at for fencing",
              );
          }
        } while (await pause(settings.every, signal));
      } finally {
        fenced.remove();
      }
    },
  };
}

/** @returns the rows of looks that go on, by the Nodes' uids and their VMs */
async function goRound(
  parts: FencingParts,
  candidates: readonly Candidate[],
  proofs: ReadonlyMap<string, OffProof>,
  settings: FencingSettings,
  signal: AbortSignal,
): Promise<Map<string, OffProof>> {
  const looks = await Promise.all(candidates.map((candidate) => lookAt(parts, candidate, signal)));
  const next = new Map<string, OffProof>();
  for (const [index, candidate] of candidates.entries()) {
    const seen = looks[index];
    if (seen === undefined) continue;
    const { uid, mark, outOfService } = candidate.node;
    const key = `${uid} ${candidate.vmId}`;
    // Who took the taint away by hand wants the mark gone, too.
    const isUndone = mark !== undefined && !outOfService;
    const { proof, action } = decide(proofs.get(key), seen, settings);
    if (proof !== undefined) next.set(key, proof);
    if (isUndone || action === "unfence") await unfence(parts, candidate, signal);
    // Somebody else has it out of service already: that is theirs.
    else if (action === "fence" && !outOfService && !(await fence(parts, candidate, signal)))
      next.delete(key);
  }
  return next;
}

async function lookAt(parts: FencingParts, candidate: Candidate, signal: AbortSignal): Promise<FenceLook> {
  const { ready, mark } = candidate.node;
  const asked = performance.now();
  const vm = await vmState(parts, candidate, signal);
  return { asked, answered: performance.now(), ready, vm, fenced: mark !== undefined };
}

/** By the word of the node's own group: what others have under that id, such as a replica, proves nothing. */
async function vmState(
  { groups, log }: FencingParts,
  { node, vmId, group: name }: Candidate,
  signal: AbortSignal,
): Promise<FenceLook["vm"]> {
  const group = name === undefined ? undefined : groups.get(name);
  if (group === undefined) return "unknown";
  try {
    const vm = await unlessGone(
      newCall(signal, (own) => look(group, own, (agent, call) => agent.getVm(vmId, call))),
    );
    return vm?.Id === vmId ? vm.State : "unknown";
  } catch (error) {
    log.debug(
      { node: node.name, reason: StatusError.from(error).message },
      "the VM of a node can't be asked for",
    );
    return "unknown";
  }
}

/**
 * Looks at both once more, right before: only then is the mark put, on the Node as it is.
 * @returns false when that look ends the row of those before
 */
async function fence(parts: FencingParts, candidate: Candidate, signal: AbortSignal): Promise<boolean> {
  const { api, names, log, onChange } = parts;
  const { vmId } = candidate;
  const place = `${NODES}${path`/${candidate.node.name}`}`;
  let holds = true;
  await changing(log, candidate.node, async () => {
    const node = readNode(await api.get(place, signal), names.driverName, names.topologyKey);
    const { uid, systemUuid } = candidate.node;
    const isSame = node?.uid === uid && node.systemUuid === systemUuid && node.group === candidate.group;
    holds = isSame && node.ready === false && (await vmState(parts, candidate, signal)) === "off";
    if (!holds || node === undefined || node.outOfService) return;
    signal.throwIfAborted();
    await api.patch(place, "merge", fencePatch(node, vmId, names.driverName), signal);
    log.warn({ node: node.name, vm: vmId }, "the node is fenced: its VM is off");
    onChange(node, "fenced", vmId);
  });
  return holds;
}

async function unfence(
  { api, names, log, onChange }: FencingParts,
  { node, vmId }: Candidate,
  signal: AbortSignal,
): Promise<void> {
  await changing(log, node, async () => {
    const place = `${NODES}${path`/${node.name}`}`;
    await api.patch(place, "merge", unfencePatch(node, names.driverName), signal);
    log.info({ node: node.name, vm: vmId }, "the node is not fenced any more");
    onChange(node, "unfenced", vmId);
  });
}

/** A Node that has changed meanwhile, or that can't be changed, is looked at in the next round. */
async function changing(log: Log, { name }: NodeState, change: () => Promise<void>): Promise<void> {
  try {
    await change();
  } catch (error) {
    log.warn(
      { node: name, reason: StatusError.from(error).message },
      "the fence of a node can't be changed now",
    );
  }
}

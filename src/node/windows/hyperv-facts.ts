import { LUNS_PER_CONTROLLER } from "../../agent-client/disk-address.ts";
import { GROUP_ITEM } from "../../csi/driver.ts";
import { isGroupName, parseNodeId } from "../../csi/handle.ts";
import { StatusError } from "../../kit/errors.ts";
import { learntFacts, loggedNames, type NodeFacts, type SettledFacts } from "../node-facts.ts";
import type { PathRules } from "../path-rules.ts";
import { controllerOf, isVolumePath } from "./disks.ts";
import type { Survey, WindowsDisk } from "./protocol.ts";
import type { WindowsWorkers } from "./windows-workers.ts";

/** The facts of a Windows VM as flags settle them, else as Hyper-V's key-value exchange wrote them into the registry. */
export function windowsFacts(settled: SettledFacts, workers: WindowsWorkers, rules: PathRules): NodeFacts {
  return learntFacts(settled, {
    vmId: async () => {
      const id = (await itemsOf(workers, "parameters")).get("VirtualMachineId");
      return id === undefined ? undefined : parseNodeId(id);
    },
    group: async () => {
      const group = (await itemsOf(workers, "external")).get(GROUP_ITEM);
      return group !== undefined && isGroupName(group) ? group : undefined;
    },
    slots: async () => volumeSlots(await workers.ask("survey", {}), settled.kubeletDirectory, rules),
    unknown: {
      vmId: "the id of this VM is not known: turn on the VM's integration service Data Exchange (Key-Value Pair Exchange); or give --node-id",
      group: `the group of this VM's host is not known: the agent on the host writes it as ${GROUP_ITEM} into KVP pool 0; or give --group`,
    },
  });
}

/** What Hyper-V calls the VM and its host, for the log. */
export async function namesInRegistry(workers: WindowsWorkers): Promise<Record<string, string>> {
  const items = await itemsOf(workers, "parameters");
  return Object.fromEntries(
    loggedNames.flatMap((name) => (items.has(name) ? [[name, items.get(name) ?? ""]] : [])),
  );
}

async function itemsOf(
  workers: WindowsWorkers,
  key: "parameters" | "external",
): Promise<ReadonlyMap<string, string>> {
  const items = (await workers.ask("guestItems", {}))[key];
  return new Map(items.map(({ name, value }) => [name, value]));
}

/**
 * The units of the VM's SCSI controllers, less those that others have: drives that are no disks, Windows' own disk, and
 * disks that are shown anywhere but below kubelet's directory. A volume counts as room, whether it is attached or not.
 * @throws StatusError FAILED_PRECONDITION for a VM without a SCSI controller
 */
export function volumeSlots(survey: Survey, kubeletDirectory: string, rules: PathRules): number {
  const controllers = new Set(survey.controllers.map((device) => controllerOf({ parentDevice: device })));
  if (controllers.size === 0) {
    throw new StatusError("FAILED_PRECONDITION", "the VM has no SCSI controller: turn it off and add one");
  }
  const hangsThere = (parentDevice: string | null) => controllers.has(controllerOf({ parentDevice }) ?? "");
  const drives = survey.otherDrives.filter(hangsThere);
  const foreign = survey.disks.filter(
    (disk) => hangsThere(disk.parentDevice) && isForeign(survey, disk, kubeletDirectory, rules),
  );
  return controllers.size * LUNS_PER_CONTROLLER - drives.length - foreign.length;
}

function isForeign({ partitions }: Survey, disk: WindowsDisk, kubelet: string, rules: PathRules): boolean {
  if (disk.isSystem || disk.isClustered) return true;
  const paths = partitions
    .filter(({ diskNumber }) => diskNumber === disk.number)
    .flatMap(({ accessPaths }) => accessPaths.filter((path) => !isVolumePath(path)));
  return paths.some((path) => !isBelow(rules.canonical(path) ?? "", kubelet, rules));
}

function isBelow(path: string, directory: string, rules: PathRules): boolean {
  const next = path.charAt(directory.length);
  return rules.areSame(path.slice(0, directory.length), directory) && (next === "\\" || next === "/");
}

import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { run } from "../../../src/kit/run.ts";
import { kvpPool } from "../../support/kvp-pool.ts";
import { binaries } from "../build/binaries.ts";
import { makeCgroups, removeCgroups } from "../machine/cgroups.ts";
import { nodeAddress, podNetwork } from "./addresses.ts";
import { containerdSettings, kubeletSettings, podNetworkSettings } from "./node-settings.ts";
import type { Processes, Running } from "./processes.ts";
import { until } from "./until.ts";

/** What a node is made of. */
export interface NodePlace {
  readonly number: number;
  readonly directory: string;
  readonly kubeconfig: string;
  /** Id of the VM that the node is. */
  readonly vmId: string;
  readonly group: string;
  /** Archives of the images that its pods run. */
  readonly images: readonly string[];
  /** Names of cgroups begin with it. */
  readonly cgroups: string;
}

/** Locked by a process of the VM while it runs; `vm.sh` knows it by the same name. */
export const lockFileOf = (directory: string) => join(directory, "lock");

/** A node: a VM that has mounts, processes and directories of its own, and the machine's devices and network. */
export class ClusterNode {
  readonly name: string;
  readonly vmId: string;
  readonly #place: NodePlace;
  readonly #processes: Processes;
  #vm: Running | undefined;
  #kubelet: Running | undefined;

  constructor(place: NodePlace, processes: Processes) {
    this.name = nodeAddress(place.number);
    this.vmId = place.vmId;
    this.#place = place;
    this.#processes = processes;
  }

  /** What the VM has on its disk, before it is turned on for the first time. */
  async prepare(): Promise<void> {
    const { directory, number, group, cgroups } = this.#place;
    const file = (...names: string[]) => join(directory, ...names);
    for (const name of ["cni", "containerd", "kubelet", "log", "work", "var-lib/hyperv", "var-lib/kubelet"])
      await mkdir(file(name), { recursive: true });
    await writeFile(file("containerd.toml"), containerdSettings(directory));
    const network = podNetworkSettings(directory, podNetwork(number));
    await writeFile(file("cni/10.conflist"), JSON.stringify(network));
    await writeFile(file("kubelet.yaml"), stringify(kubeletSettings(this.name, this.#cgroup)));
    await writeFile(file("var-lib/hyperv/.kvp_pool_0"), kvpPool({ "hyperv-csi-group": group }));
    const told = { VirtualMachineId: this.vmId.toUpperCase(), VirtualMachineName: `${cgroups}-${number}` };
    await writeFile(file("var-lib/hyperv/.kvp_pool_3"), kvpPool(told));
  }

  /** Turns the VM on: its mounts, containerd and kubelet. */
  async start(): Promise<void> {
    const { directory, images } = this.#place;
    const sign = join(directory, "on");
    await rm(sign, { force: true });
    const apart = [
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "--pid",
      "--fork",
      "--mount-proc",
      "--uts",
    ];
    this.#vm = this.#processes.startBehind(
      `${this.name}-vm`,
      [...apart, "--kill-child"],
      ["sh", join(import.meta.dirname, "vm.sh"), directory, `node-${this.#place.number}`],
    );
    await until(`${this.name} has its mounts`, async () => {
      if (!this.#vm?.alive()) throw new Error(await this.#processes.output(`${this.name}-vm`));
      return existsSync(sign) ? true : undefined;
    });
    await this.#start("containerd", ["containerd", "--config", join(directory, "containerd.toml")]);
    await until(`${this.name} has containerd`, () => this.inside(["ctr", "version"]).catch(() => undefined));
    for (const image of images)
      await this.inside(["ctr", "--namespace", "k8s.io", "images", "import", image]);
    await this.startKubelet();
  }

  async startKubelet(): Promise<void> {
    await makeCgroups(this.#cgroup);
    const { directory, kubeconfig } = this.#place;
    this.#kubelet = await this.#start("kubelet", [
      ...[join(binaries, "kubelet"), `--kubeconfig=${kubeconfig}`, `--hostname-override=${this.name}`],
      ...[`--config=${join(directory, "kubelet.yaml")}`, "--root-dir=/var/lib/kubelet"],
      "--cert-dir=/var/lib/kubelet/pki",
    ]);
  }

  async killKubelet(): Promise<void> {
    await this.#kubelet?.kill("SIGKILL");
  }

  /** Pulls the VM's plug: every process in it is dead and every mount gone. Its disk stays. */
  async turnOff(): Promise<void> {
    await this.#vm?.kill("SIGKILL");
    await removeCgroups(this.#cgroup);
  }

  /** Runs a program in the VM and returns what it writes. */
  async inside(command: readonly string[]): Promise<string> {
    return await run("nsenter", [...(await this.#enter()), ...command]);
  }

  get #cgroup(): string {
    return `${this.#place.cgroups}-${this.#place.number}`;
  }

  async #start(name: string, command: readonly string[]): Promise<Running> {
    return this.#processes.startBehind(
      `${this.name}-${name}`,
      ["nsenter", ...(await this.#enter())],
      command,
    );
  }

  async #enter(): Promise<string[]> {
    return ["--target", String(await this.#vm?.pid()), "--mount", "--pid", "--uts", "--"];
  }
}

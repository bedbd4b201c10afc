import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { csiClient, type Calls, type CsiClient } from "../../../src/csi/client.ts";
import type { ControllerRpcs, GroupControllerRpcs, NodeRpcs } from "../../../src/csi/rpc.ts";
import { bundleOf } from "../../support/bundle.ts";
import { codeOf } from "../../support/failure.ts";
import { needsLoopDevices } from "../../support/needs-loop-devices.ts";
import { RoleProcesses, roles, type Role } from "../../support/role-processes.ts";
import type { RunningAgent } from "../../support/running-agent.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";
import { until } from "../../support/until.ts";
import { mountXfsImage } from "../../support/xfs-image.ts";

/** Agent, controller and node of one VM as processes of their own, each of which can be killed and started again, and their clients. */
export class Driver {
  readonly path: (...parts: string[]) => string;
  /** Ids of the host's VMs; the node plugin runs in the first. */
  readonly vms = [randomUUID(), randomUUID()] as const;
  readonly #processes: RoleProcesses;
  readonly #clients = new Map<string, CsiClient<object>>();

  /** @param program the product's bundle. @param path below the directory that holds all; `pool` is there already. */
  constructor(program: string, path: (...parts: string[]) => string) {
    this.path = path;
    this.#processes = new RoleProcesses({ program, path, pool: this.pool, vms: this.vms });
  }

  get pool(): string {
    return this.path("fs", "pool");
  }

  get agent(): RunningAgent {
    return this.#processes.agent;
  }

  get controller(): Calls<ControllerRpcs> {
    return this.#client<ControllerRpcs>("Controller", "controller");
  }

  get groups(): Calls<GroupControllerRpcs> {
    return this.#client<GroupControllerRpcs>("GroupController", "controller");
  }

  get node(): Calls<NodeRpcs> {
    return this.#client<NodeRpcs>("Node", "node");
  }

  /** Where a role's CSI services are. */
  socket(role: "controller" | "node"): string {
    return this.#processes.socket(role);
  }

  /** Starts a role; when agent and controller both run then, they have found one another. */
  async start(role: Role): Promise<void> {
    await this.#processes.start(role);
    if (!this.#processes.isRunning("agent") || !this.#processes.isRunning("controller")) return;
    // A controller that met no answer asks its agent again after a while.
    const answers = async () => (await codeOf(this.controller.ListVolumes({}))) !== "UNAVAILABLE";
    await until(answers, "a controller that reaches its agent");
  }

  /** kill -9 */
  async kill(role: Role): Promise<void> {
    for (const [key, client] of this.#clients) {
      if (!key.endsWith(role)) continue;
      client.close();
      this.#clients.delete(key);
    }
    await this.#processes.kill(role, "SIGKILL");
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  /** One for all calls to a process: a new one after its end, since the old one waits before it connects again. */
  #client<Rpcs extends object>(
    service: "Controller" | "GroupController" | "Node",
    role: "controller" | "node",
  ): Calls<Rpcs> {
    const key = `${service} ${role}`;
    const client = this.#clients.get(key) ?? csiClient<Rpcs>(service, this.socket(role));
    this.#clients.set(key, client);
    return client.call as Calls<Rpcs>;
  }
}

/** Gives a driver a file system for its pool, mounted on `fs`. */
export type PoolDisk = (path: Driver["path"]) => Promise<void>;

/** An XFS that shares blocks. */
export function onXfs(gibibytes: number): PoolDisk {
  return (path) => mountXfsImage(path("xfs.img"), path("fs"), gibibytes);
}

/** A running driver for the tests of the enclosing `describe`. */
export function drivers(poolDisk: PoolDisk): () => Driver {
  const path = scratchDirectory();
  before(needsLoopDevices);
  const program = bundleOf();
  let driver: Driver | undefined;
  before(async () => {
    await poolDisk(path);
    driver = new Driver(program, path);
    for (const role of roles) await driver.start(role);
  });
  after(() => driver?.close());
  return () => {
    if (driver === undefined) throw new Error("the driver was not started");
    return driver;
  };
}

/** Where the node shows a volume of this name. */
export function placesOf({ path }: Driver, name: string): { staging: string; target: string } {
  return { staging: join(path("pods"), name, "staging"), target: join(path("pods"), name, "target") };
}

import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { csiClient, type Calls, type CsiClient } from "../../../src/csi/client.ts";
import type { ControllerRpcs, GroupControllerRpcs, NodeRpcs } from "../../../src/csi/rpc.ts";
import { bundleOf } from "../../support/bundle.ts";
import { codeOf } from "../../support/failure.ts";
import { needsLoopDevices } from "../../support/needs-loop-devices.ts";
import { startProcess, type OwnProcess } from "../../support/own-processes.ts";
import { freePort, startAgentProcess, type RunningAgent } from "../../support/running-agent.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";
import { until } from "../../support/until.ts";
import { mountXfsImage } from "../../support/xfs-image.ts";

export const roles = ["agent", "controller", "node"] as const;
export type Role = (typeof roles)[number];

/** Agent, controller and node of one VM as processes of their own, each of which can be killed and started again. */
export class Driver {
  readonly path: (...parts: string[]) => string;
  /** Ids of the host's VMs; the node plugin runs in the first. */
  readonly vms = [randomUUID(), randomUUID()] as const;
  readonly #program: string;
  readonly #running = new Map<Role, OwnProcess>();
  readonly #clients = new Map<string, CsiClient<object>>();
  #agent: RunningAgent | undefined;
  #port = 0;

  /** @param program the product's bundle. @param path below the directory that holds all; `pool` is there already. */
  constructor(program: string, path: (...parts: string[]) => string) {
    this.#program = program;
    this.path = path;
  }

  get pool(): string {
    return this.path("fs", "pool");
  }

  get agent(): RunningAgent {
    if (this.#agent === undefined) throw new Error("the agent was not started");
    return this.#agent;
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
    return this.path(`${role}.sock`);
  }

  /** Starts a role; when agent and controller both run then, they have found one another. */
  async start(role: Role): Promise<void> {
    await this.#startAlone(role);
    if (!this.#running.has("agent") || !this.#running.has("controller")) return;
    // A controller that met no answer asks its agent again after a while.
    const answers = async () => (await codeOf(this.controller.ListVolumes({}))) !== "UNAVAILABLE";
    await until(answers, "a controller that reaches its agent");
  }

  async #startAlone(role: Role): Promise<void> {
    switch (role) {
      case "agent": {
        this.#port ||= await freePort();
        const vms = this.vms.flatMap((id) => ["--vm", id]);
        const options = ["--pool", this.pool, ...vms];
        const place = { program: this.#program, port: this.#port, directory: this.path(), options };
        this.#agent = await startAgentProcess(place);
        this.#running.set(role, this.#agent.process);
        return;
      }
      case "controller": {
        const agents = this.path("agents.yaml");
        const { url, keyFile } = this.agent;
        await writeFile(agents, `agents:\n  - group: test\n    url: ${url}\n    apiKeyFile: ${keyFile}\n`);
        await this.#spawn(role, "--agents", agents);
        return;
      }
      case "node":
        await this.#spawn(role, "--node-id", this.vms[0], "--group", "test");
    }
  }

  /** kill -9 */
  async kill(role: Role): Promise<void> {
    for (const [key, client] of this.#clients) {
      if (!key.endsWith(role)) continue;
      client.close();
      this.#clients.delete(key);
    }
    const process = this.#running.get(role);
    this.#running.delete(role);
    await process?.kill("SIGKILL");
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  async #spawn(role: "controller" | "node", ...options: string[]): Promise<void> {
    const own = [role, "--endpoint", `unix://${this.socket(role)}`, ...options];
    const child = startProcess(process.execPath, [this.#program, ...own]);
    await child.says(new RegExp(`${role} is ready`));
    this.#running.set(role, child);
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

import { writeFile } from "node:fs/promises";
import { startProcess, type OwnProcess } from "./own-processes.ts";
import { freePort, startAgentProcess, type RunningAgent } from "./running-agent.ts";

export const roles = ["agent", "controller", "node"] as const;
export type Role = (typeof roles)[number];

/** What processes of all roles are given. */
export interface RolesPlace {
  /** The product's bundle, or its source. */
  readonly program: string;
  /** Below the directory that holds keys, state and sockets, which is there already. */
  readonly path: (...parts: string[]) => string;
  readonly pool: string;
  /** Ids of the host's VMs; the node plugin runs in the first. */
  readonly vms: readonly [string, ...string[]];
  /** Further options of the agent and of the node. */
  readonly hostOptions?: readonly string[];
  /** Further options of each of them. */
  readonly options?: readonly string[];
}

/** Agent, controller and node of one VM as processes of their own, each of which can be ended and started again. */
export class RoleProcesses {
  readonly #place: RolesPlace;
  /** The last of each role, and which of them run. */
  readonly #processes = new Map<Role, OwnProcess>();
  readonly #running = new Set<Role>();
  #agent: RunningAgent | undefined;
  #port = 0;

  constructor(place: RolesPlace) {
    this.#place = place;
  }

  /** The agent as it was started last. */
  get agent(): RunningAgent {
    if (this.#agent === undefined) throw new Error("the agent was not started");
    return this.#agent;
  }

  isRunning(role: Role): boolean {
    return this.#running.has(role);
  }

  /** Where a role's CSI services are. */
  socket(role: "controller" | "node"): string {
    return this.#place.path(`${role}.sock`);
  }

  /** What the last of each role has said. */
  output(): string {
    return [...this.#processes.values()].map((each) => each.output()).join("");
  }

  /** Starts a role and waits until it serves; the agent before the controller, which is told where it is. */
  async start(role: Role): Promise<void> {
    const { program, path, pool, vms, hostOptions = [], options = [] } = this.#place;
    switch (role) {
      case "agent": {
        this.#port ||= await freePort();
        const own = ["--pool", pool, ...vms.flatMap((id) => ["--vm", id]), ...hostOptions, ...options];
        const place = { program, port: this.#port, directory: path(), options: own };
        this.#agent = await startAgentProcess(place);
        this.#started(role, this.#agent.process);
        return;
      }
      case "controller": {
        const agents = path("agents.yaml");
        const { url, keyFile } = this.agent;
        await writeFile(agents, `agents:\n  - group: test\n    url: ${url}\n    apiKeyFile: ${keyFile}\n`);
        await this.#spawn(role, "--agents", agents);
        return;
      }
      case "node":
        await this.#spawn(role, "--node-id", vms[0], "--group", "test", ...hostOptions);
    }
  }

  /** Ends a role that runs; its exit code, null after a signal. */
  async kill(role: Role, signal: NodeJS.Signals): Promise<number | null> {
    const process = this.#running.delete(role) ? this.#processes.get(role) : undefined;
    return (await process?.kill(signal)) ?? null;
  }

  async #spawn(role: "controller" | "node", ...own: string[]): Promise<void> {
    const { program, options = [] } = this.#place;
    const all = [program, role, "--endpoint", `unix://${this.socket(role)}`, ...own, ...options];
    const child = startProcess(process.execPath, all);
    await child.says(new RegExp(`${role} is ready`));
    this.#started(role, child);
  }

  #started(role: Role, process: OwnProcess): void {
    this.#processes.set(role, process);
    this.#running.add(role);
  }
}

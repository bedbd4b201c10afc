import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundlePath } from "../../../scripts/build.ts";
import { createAgentClient, type AgentClient } from "../../../src/agent-client/agent-client.ts";
import { mountXfsImage } from "../../support/xfs-image.ts";
import type { Processes, Running } from "../cluster/processes.ts";
import { until } from "../cluster/until.ts";

const LISTEN = "127.96.0.3:9810";
const POOL_GIBIBYTES = 40;

/** A VM of the host: a process of it holds its file locked while it runs. */
export interface HostVm {
  readonly vmId: string;
  readonly name: string;
  readonly lockFile: string;
}

/** What a host's agent serves. */
export interface AgentPlace {
  readonly directory: string;
  readonly group: string;
  readonly vms: readonly HostVm[];
}

/** The agent of the host whose VMs the nodes are: a process of this machine, with volumes on a file system that shares blocks. */
export class HostAgent {
  readonly url = `http://${LISTEN}`;
  readonly key = randomBytes(24).toString("hex");
  readonly pool: string;
  readonly client: AgentClient;
  readonly #place: AgentPlace;
  readonly #processes: Processes;
  #running: Running | undefined;

  constructor(place: AgentPlace, processes: Processes) {
    this.#place = place;
    this.#processes = processes;
    this.pool = join(place.directory, "pool");
    this.client = createAgentClient({ url: this.url, apiKey: this.key });
  }

  /** Makes the pool. Nodes must be turned on after it, to see it. */
  async prepare(): Promise<void> {
    const { directory } = this.#place;
    await mkdir(directory);
    await mountXfsImage(join(directory, "pool.img"), this.pool, POOL_GIBIBYTES);
    await writeFile(join(directory, "key"), this.key, { mode: 0o600 });
  }

  async start(): Promise<void> {
    const { directory, group, vms } = this.#place;
    this.#running = this.#processes.start("agent", [
      ...[process.execPath, bundlePath, "agent", "--listen", LISTEN, "--host", "local", "--group", group],
      ...["--api-key-file", join(directory, "key"), "--state-dir", join(directory, "state")],
      ...[
        "--pool",
        this.pool,
        ...vms.flatMap(({ vmId, name, lockFile }) => ["--vm", `${vmId}=${name}=${lockFile}`]),
      ],
    ]);
    await until("the agent is ready", async () => {
      if (this.#running?.alive() !== true)
        throw new Error(`the agent ended: ${await this.#processes.output("agent")}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      return answer?.ok === true ? true : undefined;
    });
  }

  async kill(): Promise<void> {
    await this.#running?.kill("SIGKILL");
  }
}

import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { nodeDirectory, startNodes } from "./cluster/nodes.ts";
import { startControlPlane } from "./cluster/control-plane.ts";
import type { Kubectl } from "./cluster/kubectl.ts";
import { nodeAddress } from "./cluster/addresses.ts";
import { lockFileOf } from "./cluster/node.ts";
import { Processes } from "./cluster/processes.ts";
import { HostAgent } from "./driver/agent.ts";
import { installDriver, installSnapshots } from "./driver/install.ts";
import { makeDriverImage } from "./image/driver-image.ts";
import { makeHelperImages } from "./image/helper-images.ts";
import { step } from "./machine/step.ts";
import type { Rig } from "./rig.ts";

const group = "e2e";

/** Where the cluster's logs are, below the directory of all that is its own. */
export const logsIn = (directory: string) => join(directory, "logs");

/** Starts everything in a directory: host, images, cluster, driver. `reachable` is told once it can be asked. */
export async function startRig(directory: string, reachable: (kubectl: Kubectl) => void): Promise<Rig> {
  for (const name of ["logs", "images"]) await mkdir(join(directory, name));
  const processes = new Processes(logsIn(directory));
  const vms = [1, 2].map((number) => {
    const lockFile = lockFileOf(nodeDirectory(directory, number));
    return { vmId: randomUUID(), name: nodeAddress(number), lockFile };
  });
  const agent = new HostAgent({ directory: join(directory, "host"), group, vms }, processes);

  const images = await step("images", async () => {
    const { archive, size } = await makeDriverImage(join(directory, "images"));
    process.stdout.write(`the driver's image: ${Math.round(size / 1024 / 1024)} MiB\n`);
    return [archive, ...(await makeHelperImages(join(directory, "images")))];
  });
  await step("agent on the host", async () => {
    await agent.prepare();
    await agent.start();
  });
  const controlPlane = await step("control plane", () => startControlPlane(directory, processes));
  reachable(controlPlane.kubectl);
  const vmIds = vms.map(({ vmId }) => vmId);
  const nodes = await step("two nodes", () =>
    startNodes({ directory, group, vmIds, images, cgroups: basename(directory) }, controlPlane, processes),
  );
  const { kubectl } = controlPlane;
  await step("snapshot controller", () => installSnapshots(kubectl, processes));
  const values = await step("driver, from its chart", () => installDriver(kubectl, agent, directory, group));
  return { controlPlane, kubectl, nodes, processes, agent, directory, values };
}

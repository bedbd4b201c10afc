import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { run } from "../../../src/kit/run.ts";
import { chart } from "../../chart/helm.ts";
import { binaries } from "../build/binaries.ts";
import { writeImage } from "./archive.ts";
import { ImageRoot } from "./root.ts";

const Env = ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];

/** The image of pods that use volumes: a shell and its tools. */
export const toolsImage = "registry.k8s.io/e2e-test-images/busybox:1.29-4";

/** Sidecars by their names in the chart's values, whose images these take the place of. */
const sidecars = ["provisioner", "attacher", "resizer", "snapshotter"];

/** Makes the images of all but the driver, under the names that the chart and the scenarios use; their archives. */
export async function makeHelperImages(directory: string): Promise<string[]> {
  const values = parse(await readFile(join(chart, "values.yaml"), "utf8")) as {
    sidecars: Record<string, { image: string }>;
  };
  const archives = [await pauseImage(directory), await shellImage(directory)];
  for (const sidecar of sidecars) {
    const program = `csi-${sidecar}`;
    const root = await ImageRoot.make(join(directory, program));
    await root.add(join(binaries, program), `/usr/bin/${program}`);
    const archive = join(directory, `${program}.tar`);
    const config = { Entrypoint: [`/usr/bin/${program}`], Env, User: "65532:65532" };
    await writeImage(values.sidecars[sidecar]?.image ?? "", root.directory, config, archive);
    archives.push(archive);
  }
  return archives;
}

/** What holds a pod's namespaces. */
async function pauseImage(directory: string): Promise<string> {
  const root = await ImageRoot.make(join(directory, "pause"));
  await root.add("/bin/busybox");
  await root.addLibraries();
  const archive = join(directory, "pause.tar");
  const Entrypoint = ["/bin/busybox", "tail", "-f", "/dev/null"];
  await writeImage("localhost/pause:e2e", root.directory, { Entrypoint, Env }, archive);
  return archive;
}

async function shellImage(directory: string): Promise<string> {
  const root = await ImageRoot.make(join(directory, "tools"));
  await root.add("/bin/busybox");
  await root.addLibraries();
  for (const applet of (await run("/bin/busybox", ["--list"])).split("\n")) {
    if (applet !== "busybox") await root.link(`/bin/${applet}`, "busybox");
  }
  const archive = join(directory, "tools.tar");
  await writeImage(toolsImage, root.directory, { Cmd: ["/bin/sh"], Env }, archive);
  return archive;
}

import { join } from "node:path";
import { run } from "../../../src/kit/run.ts";
import { writeImage } from "../image/archive.ts";
import { ImageRoot } from "../image/root.ts";
import { suiteBinaries } from "./build.ts";

/** Names that the tests know the images of their pods by, and what such an image starts by itself. */
const images = {
  "registry.k8s.io/e2e-test-images/agnhost:2.63.0": ["/agnhost", "pause"],
  "registry.k8s.io/e2e-test-images/agnhost:2.55": ["/agnhost", "pause"],
  "registry.k8s.io/e2e-test-images/busybox:1.37.0-1": ["/bin/sh"],
  "registry.k8s.io/e2e-test-images/glibc-dns-testing:2.0.0": ["/bin/sh"],
  "registry.k8s.io/e2e-test-images/nginx:1.15-4": ["/bin/sleep", "infinity"],
  "registry.k8s.io/pause:3.10.2": ["/agnhost", "pause"],
} as const;

/** Debian packages of which the tests ask more than busybox has. Its shell would run its own programs in their place. */
const packages = ["coreutils", "bash"];

/** Makes the images that the pods of Kubernetes' own tests run, of programs of this machine; their archives. */
export async function makeSuiteImages(directory: string): Promise<string[]> {
  const root = await ImageRoot.make(join(directory, "suite"));
  await root.addPackages(packages);
  await root.link("/bin/sh", "bash");
  await root.add("/bin/busybox");
  await root.add(join(suiteBinaries, "agnhost"), "/agnhost");
  await root.addLibraries();
  const there = new Set((await run("find", [root.directory, "-printf", "%f\n"])).split("\n"));
  for (const applet of (await run("/bin/busybox", ["--list"])).split("\n")) {
    if (!there.has(applet)) await root.link(`/bin/${applet}`, "busybox");
  }
  const archives: string[] = [];
  for (const [name, start] of Object.entries(images)) {
    const archive = join(directory, `suite-${archives.length}.tar`);
    const [program, ...rest] = start;
    // A container's own arguments take the place of the command alone, as with the images whose names these have.
    const config = rest.length > 0 ? { Entrypoint: [program], Cmd: rest } : { Cmd: [program] };
    await writeImage(
      name,
      root.directory,
      { ...config, Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"] },
      archive,
    );
    archives.push(archive);
  }
  return archives;
}

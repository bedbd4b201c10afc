import { chmod } from "node:fs/promises";
import { basename, join } from "node:path";
import { buildBundle } from "../../../scripts/build.ts";
import { version } from "../../../src/kit/version.ts";
import { writeImage } from "./archive.ts";
import { project, readImageManifest } from "./manifest.ts";
import { ImageRoot } from "./root.ts";

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What of the base our program asks for: it is started by `env`, and runs on Node. */
const fromBase = { "/usr/bin/env": "/usr/bin/env", "node_modules/node/bin/node": "/usr/local/bin/node" };

/** Builds the product and makes its image as deploy/image.yaml says; the archive, and the bytes of the image's files. */
export async function makeDriverImage(directory: string): Promise<{ archive: string; size: number }> {
  await buildBundle();
  const manifest = await readImageManifest();
  const root = await ImageRoot.make(join(directory, "driver"));
  await root.addPackages(manifest.packages);
  for (const [from, to] of Object.entries({ ...fromBase, ...manifest.files }))
    await root.add(from.startsWith("/") ? from : join(project, from), to);
  for (const [at, to] of Object.entries(manifest.links)) await root.link(at, to);
  await root.addLibraries();
  await chmod(root.directory, 0o755);
  const archive = join(directory, `${basename(root.directory)}.tar`);
  const config = {
    Entrypoint: manifest.entrypoint,
    Cmd: manifest.cmd,
    Env: [PATH, ...Object.entries(manifest.env).map(([name, value]) => `${name}=${value}`)],
    User: manifest.user,
  };
  const size = await writeImage(
    `docker.io/library/csi-driver-hyperv:${version}`,
    root.directory,
    config,
    archive,
  );
  return { archive, size };
}

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { run } from "../../../src/kit/run.ts";

/** What a container of an image runs, as the image specification of OCI names it. */
export interface ImageConfig {
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env: readonly string[];
  readonly User?: string;
}

/** Writes an image of one layer as an archive that container runtimes import; the bytes of its files. */
export async function writeImage(
  name: string,
  root: string,
  config: ImageConfig,
  archive: string,
): Promise<number> {
  const parts = await mkdtemp(`${archive}-`);
  const layer = join(parts, "layer.tar");
  await run("tar", ["--owner=0", "--group=0", "--numeric-owner", "-C", root, "-cf", layer, "."]);
  const diff = await sha256(layer);
  const description = JSON.stringify({
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config,
    rootfs: { type: "layers", diff_ids: [`sha256:${diff}`] },
  });
  await writeFile(join(parts, "config.json"), description);
  const manifest = [{ Config: "config.json", RepoTags: [name], Layers: ["layer.tar"] }];
  await writeFile(join(parts, "manifest.json"), JSON.stringify(manifest));
  await run("tar", ["-C", parts, "-cf", archive, "manifest.json", "config.json", "layer.tar"]);
  const { size } = await stat(layer);
  await rm(parts, { recursive: true });
  return size;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

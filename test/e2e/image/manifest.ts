import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";

/** Content of deploy/image.yaml. */
export interface ImageManifest {
  readonly base: string;
  readonly packages: readonly string[];
  /** By their place in the project, where they lie in the image. */
  readonly files: Readonly<Record<string, string>>;
  /** The same of what only tells what the image is made of. */
  readonly about: Readonly<Record<string, string>>;
  /** Symbolic links: by their place, where they lead. */
  readonly links: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** By their names without `org.opencontainers.image.`, https://specs.opencontainers.org/image-spec/annotations/. */
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

export const project = join(import.meta.dirname, "../../..");

export async function readImageManifest(): Promise<ImageManifest> {
  return parse(await readFile(join(project, "deploy/image.yaml"), "utf8")) as ImageManifest;
}

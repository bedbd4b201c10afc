import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Metafile } from "esbuild";

const project = join(import.meta.dirname, "..");

/** What a bundle can't hold and what is read into it as data, which the bundler's account does not tell. */
const carriedBeside = ["node_modules/koffi", "node_modules/@fastify/swagger-ui"];

/** Texts of licences for packages that name one and have no text of it. */
const knownTexts: Readonly<Record<string, string>> = { MIT: "scripts/notices/MIT.txt" };

/** Libraries that lie inside one of ours ready-made, without a text of their own. */
const carriedInside = [
  { name: "swagger-ui", license: "Apache-2.0", text: "LICENSE", inside: "node_modules/@fastify/swagger-ui" },
];

interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly author?: string | { readonly name?: string };
}

/** Directories of the packages of which something is in a bundle, below the project's directory. */
export function bundledPackages({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const packages = inputs.flatMap(([path, { bytesInOutput }]) => {
    const found = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path);
    return found && bytesInOutput > 0 ? [found[0]] : [];
  });
  return [...new Set([...packages, ...carriedBeside])].toSorted();
}

/** The licences of these packages, each as its makers give it: one text, the same wherever it is made. */
export async function thirdPartyNotices(directories: readonly string[]): Promise<string> {
  const texts = new Map<string, string>();
  for (const directory of directories) {
    const manifest = JSON.parse(
      await readFile(join(project, directory, "package.json"), "utf8"),
    ) as PackageManifest;
    const { name, version, license } = manifest;
    if (license === undefined) throw new Error(`${directory} names no licence`);
    texts.set(
      `${name} ${version} (${license})`,
      (await ownLicence(directory)) ?? (await namedLicence(manifest, license)),
    );
  }
  for (const { name, license, text, inside } of carriedInside) {
    texts.set(
      `${name} (${license}), inside ${inside.slice("node_modules/".length)}`,
      await readFile(join(project, text), "utf8"),
    );
  }
  const parts = [...texts].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return (
    "csi-driver-hyperv contains the following software of others.\n" +
    parts.map(([title, text]) => `\n${"=".repeat(79)}\n${title}\n\n${text.trim()}\n`).join("")
  );
}

/** What a package says of its licence: in files of that name, else under that heading of its readme. */
async function ownLicence(directory: string): Promise<string | undefined> {
  const names = (await readdir(join(project, directory))).toSorted();
  const read = (name: string) => readFile(join(project, directory, name), "utf8");
  const files = names.filter((name) => /^(licen[cs]e|notice|copying)/i.test(name));
  if (files.length > 0) return (await Promise.all(files.map(read))).join("\n");
  const readme = names.find((name) => /^readme/i.test(name));
  if (readme === undefined) return undefined;
  const [, section] = /^(?:#+ )?licen[cs]e\s*\n(?:-+\n)?([\s\S]*)/im.exec(await read(readme)) ?? [];
  return section?.includes("opyright") ? section : undefined;
}

/** The text of the licence that a package only names. */
async function namedLicence({ name, author }: PackageManifest, license: string): Promise<string> {
  const known = knownTexts[license];
  if (known === undefined) throw new Error(`${name} has no text of its licence, ${license}`);
  const holder = (typeof author === "string" ? author : author?.name) ?? `the authors of ${name}`;
  return `Copyright (c) ${holder}\n\n${await readFile(join(project, known), "utf8")}`;
}

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

const project = join(import.meta.dirname, "..");

/** The library through which the program calls Windows itself, for block clones; its code, and its binary for Windows. */
const LIBRARY = "koffi";
const BINARY = "@koromix/koffi-win32-x64";

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

/** The files of the library that a Windows host needs, by their names in the archive. */
export async function windowsNative(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  await take(files, project, LIBRARY, (name) =>
    /^(package\.json|LICENSE\.txt|index\.c?js|src\/.*\.c?js)$/.test(name),
  );
  const directory = await mkdtemp(join(tmpdir(), "hyperv-csi-native-"));
  try {
    await installForWindows(directory);
    await take(files, directory, BINARY, (name) => /\.(js|json|node)$/.test(name));
  } finally {
    await rm(directory, { recursive: true });
  }
  return files;
}

/** Installs the binary alone, of the version and with the hash that the project's lockfile has. */
async function installForWindows(directory: string): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(project, "package-lock.json"), "utf8")) as Lockfile;
  const place = `node_modules/${BINARY}`;
  const locked = packages[place];
  if (locked === undefined) throw new Error(`the lockfile has no ${BINARY}`);
  // Optional, as what is for another system has to be.
  const manifest = { name: "native", version: "0.0.0", optionalDependencies: { [BINARY]: locked.version } };
  const lockfile = {
    ...manifest,
    lockfileVersion: 3,
    requires: true,
    packages: { "": manifest, [place]: locked },
  };
  await writeFile(join(directory, "package.json"), JSON.stringify(manifest));
  await writeFile(join(directory, "package-lock.json"), JSON.stringify(lockfile));
  const platform = [
    "--os=win32",
    "--cpu=x64",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
  ];
  await execa("npm", ["ci", ...platform], { cwd: directory });
}

async function take(
  files: Map<string, Uint8Array>,
  from: string,
  name: string,
  isNeeded: (name: string) => boolean,
): Promise<void> {
  const directory = `node_modules/${name}`;
  for (const file of await readdir(join(from, directory), { recursive: true })) {
    if (isNeeded(file)) files.set(`${directory}/${file}`, await readFile(join(from, directory, file)));
  }
}

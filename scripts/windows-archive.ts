import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { zipSync } from "fflate";
import { windowsNative } from "./windows-native.ts";

const project = join(import.meta.dirname, "..");

/** What the archive for Windows hosts holds: where each thing lies in the source tree, by its name in the archive. */
export const archiveManifest = {
  files: {
    "README.md": "deploy/windows/README.md",
    "agent.example.yaml": "deploy/windows/agent.example.yaml",
    "node.json": "deploy/windows/node.json",
    "get-node.ps1": "deploy/windows/get-node.ps1",
    "install.ps1": "deploy/windows/install.ps1",
    "upgrade.ps1": "deploy/windows/upgrade.ps1",
    "uninstall.ps1": "deploy/windows/uninstall.ps1",
    LICENSE: "LICENSE",
  },
  /** Every file of these. */
  directories: {
    powershell: "powershell",
    installer: "deploy/windows/installer",
    "service-host": "deploy/windows/service-host",
  },
  /** The program, which is built. */
  bundle: "hyperv-csi.mjs",
  /** Licences of what is in it. */
  notices: "THIRD-PARTY-NOTICES",
} as const;

/**
 * The earliest time that a ZIP file can tell, the same in every time zone: the parts of the local date are written.
 */
const NO_TIME = new Date(1980, 0, 1);

/** Names in the archive and their files, without what is built, in order. */
export async function archiveFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>(Object.entries(archiveManifest.files));
  for (const [name, directory] of Object.entries(archiveManifest.directories)) {
    for (const file of await readdir(join(project, directory)))
      files.set(`${name}/${file}`, `${directory}/${file}`);
  }
  return new Map([...files].toSorted(byName));
}

/** The order of code units, the same on every machine. */
function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

/** The archive as bytes: the same content gives the same bytes, whenever and wherever it is made. */
export async function windowsArchive(bundle: string, notices: string): Promise<Uint8Array> {
  const contents: Record<string, Uint8Array> = {
    [archiveManifest.bundle]: await readFile(bundle),
    [archiveManifest.notices]: Buffer.from(notices),
  };
  for (const [name, file] of await archiveFiles()) contents[name] = await readFile(join(project, file));
  for (const [name, content] of [...(await windowsNative())].toSorted(byName)) contents[name] = content;
  return zipSync(contents, { level: 9, mtime: NO_TIME });
}

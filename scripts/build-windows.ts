import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildBundle, bundlePath } from "./build.ts";
import { windowsArchive } from "./windows-archive.ts";

const archivePath = join(import.meta.dirname, "..", "dist", "hyperv-csi-agent-windows.zip");

await buildBundle();
await writeFile(archivePath, await windowsArchive(bundlePath));
process.stdout.write(`${archivePath}\n`);

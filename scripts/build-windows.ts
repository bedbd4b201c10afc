import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildBundle, bundlePath } from "./build.ts";
import { thirdPartyNotices } from "./third-party-notices.ts";
import { windowsArchive } from "./windows-archive.ts";

const archivePath = join(import.meta.dirname, "..", "dist", "hyperv-csi-agent-windows.zip");

const notices = await thirdPartyNotices(await buildBundle());
await writeFile(archivePath, await windowsArchive(bundlePath, notices));
process.stdout.write(`${archivePath}\n`);

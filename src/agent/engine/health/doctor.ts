import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { FLUSH_FILE, ONE_FLUSH_FILE } from "../../../kit/directory-flush.ts";
import { StatusError } from "../../../kit/errors.ts";
import type { DoctorFinding } from "../model.ts";
import { parseDiskFile } from "../names.ts";
import type { EngineParts } from "../parts.ts";
import { recordBeside, parseGroupFile } from "../pool/layout.ts";
import type { Pool } from "../pool/pool.ts";
import { inParallel } from "../recovery/in-parallel.ts";
import { amongDeleted, type Finding, isStillLeft, temporary } from "./left-files.ts";

/** Files of a pool itself. */
const OWN = new Set([
  ".hyperv-csi.json",
  ".lock",
  ".lock.held",
  FLUSH_FILE,
  ONE_FLUSH_FILE,
  ".chains.json",
  ".chains.json.tmp",
  ".index",
  ".index.tmp",
  ".tmp",
  ".snapshots",
  ".deleted",
  ".vms",
]);
/** Disks that Hyper-V makes for checkpoints belong to their base. */
const CHECKPOINT = /_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.avhdx$/i;

/** Looks for what belongs to nothing. With `fix` what can lose nothing is removed. */
export async function examine(parts: EngineParts, fix: boolean): Promise<DoctorFinding[]> {
  const findings: DoctorFinding[] = [];
  for (const pool of parts.pools.open()) {
    const found = [
      ...(await inPlace(pool)),
      ...(await temporary(pool)),
      ...(await amongDeleted(pool)),
      ...(await recordsAlone(parts, pool)),
      ...(await damaged(parts, pool)),
      ...unserved(parts, pool),
      ...unfinishedMoves(parts, pool),
    ];
    for (const finding of found) {
      const fixed = fix && finding.safeToFix && (await isStillLeft(pool, finding.path));
      if (fixed) await rm(finding.path, { force: true });
      findings.push({ ...finding, pool: pool.name, fixed });
    }
  }
  for (const { path, message, fixed } of await parts.host.leftovers(fix)) {
    const pool = parts.pools.open().find(({ directory }) => path.startsWith(directory))?.name ?? "";
    findings.push({ pool, kind: "stale-attachment", path, message, safeToFix: true, fixed });
  }
  return findings;
}

/** Files in a pool that are neither disks nor records. */
async function inPlace({ layout }: Pool): Promise<Finding[]> {
  const own = await readdir(layout.directory);
  const snapshots = await readdir(layout.snapshots);
  return [
    ...own.filter((name) => !OWN.has(name)).map((name) => ({ directory: layout.directory, name })),
    ...snapshots
      .filter((name) => parseGroupFile(name) === undefined && name !== FLUSH_FILE)
      .map((name) => ({ directory: layout.snapshots, name })),
  ]
    .filter(({ name }) => parseDiskFile(name) === undefined && !CHECKPOINT.test(name))
    .map(({ directory, name }) => ({
      kind: "foreign-file" as const,
      path: join(directory, name),
      message: "not made by this agent; move it out of the pool if nothing needs it there",
      safeToFix: false,
    }));
}

/** Disks that are served and can't be read, and records whose disk is missing. */
async function damaged({ catalog, host }: EngineParts, { name }: Pool): Promise<Finding[]> {
  const read = host.diskReader();
  const disks = [...catalog.volumes.values(), ...catalog.snapshots.values()].filter(
    ({ pool }) => pool === name,
  );
  const findings = await inParallel(disks, async (disk): Promise<Finding | undefined> => {
    if ("fault" in disk && disk.fault !== undefined) {
      const path = recordBeside(disk);
      const message = `${disk.fault}: put it back, or delete the volume`;
      return { kind: "record-without-disk", path, message, safeToFix: false };
    }
    try {
      const { virtualDiskId } = await read({ volumeId: disk.id, path: disk.path });
      if (virtualDiskId === disk.id) return undefined;
      return {
        kind: "damaged-disk",
        path: disk.path,
        message: `it holds the disk ${virtualDiskId}`,
        safeToFix: false,
      };
    } catch (thrown) {
      const error = StatusError.from(thrown);
      // That nobody can be asked says nothing of the disk.
      if (error.code === "UNAVAILABLE" && thrown === error) throw error;
      const message = `${error.message}; see: hyperv-csi vhdx check`;
      return { kind: "damaged-disk", path: disk.path, message, safeToFix: false };
    }
  });
  return findings.filter((finding) => finding !== undefined);
}

/** Records whose disk is missing. A volume that is known by its record is told as that volume. */
async function recordsAlone({ catalog }: EngineParts, { layout, working }: Pool): Promise<Finding[]> {
  const volumes = await recordsWithoutDisk(layout.directory);
  const snapshots = await recordsWithoutDisk(layout.snapshots);
  return (
    [...volumes.filter(({ id }) => catalog.volumes.byId(id) === undefined), ...snapshots]
      // Asked after the directories were read: what a change is doing is not in them as it will be.
      .filter(({ id }) => !working.has(id))
      .map(({ path }) => ({
        kind: "record-without-disk" as const,
        path,
        message: "its disk is missing: put it back, or remove this record",
        safeToFix: false,
      }))
  );
}

async function recordsWithoutDisk(directory: string): Promise<{ id: string; path: string }[]> {
  const files = (await readdir(directory)).map((name) => ({ name, file: parseDiskFile(name) }));
  const disks = new Set(files.flatMap(({ file }) => (file?.kind === "disk" ? file.id : [])));
  return files.flatMap(({ name, file }) =>
    file?.kind === "record" && !disks.has(file.id) ? [{ id: file.id, path: join(directory, name) }] : [],
  );
}

function unserved({ catalog }: EngineParts, { name }: Pool): Finding[] {
  return catalog
    .leftAlone()
    .filter(({ pool }) => pool === name)
    .map(({ path, reason }) => ({
      kind: "unserved-disk" as const,
      path,
      message: `left alone: ${reason}; settle that and start the agent again`,
      safeToFix: false,
    }));
}

function unfinishedMoves({ catalog }: EngineParts, { name }: Pool): Finding[] {
  return catalog.contentsOf(name).arrivals.map(({ from, copy }) => ({
    kind: "unfinished-move",
    path: recordBeside(copy),
    message: `its move from the pool with id ${from} is not settled: bring that back, or start the agent again`,
    safeToFix: false,
  }));
}

import { basename, dirname, join } from "node:path";
import { isWindows, thisPlatform } from "../../../kit/platform.ts";
import { MAX_PATH } from "../../../kit/windows-paths.ts";
import type { Disk } from "../model.ts";

/** Ends of the names of files that an unfinished change has. */
const GONE = ".gone.vhdx";

const GUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";
const TEMPORARY_FILE = new RegExp(`^(${GUID})(\\.gone\\.vhdx|\\.vhdx|\\.json)$`);
const GROUP_FILE = new RegExp(`^(${GUID})\\.group\\.(json|gone)$`);

/** What Hyper-V adds to a disk's name for a checkpoint, characters. */
const CHECKPOINT_SUFFIX = 41;

/**
 * The paths inside a pool. This is the one place that builds them: names were checked by {@link checkDiskName} before,
 * ids are GUIDs.
 */
export class PoolLayout {
  readonly directory: string;
  readonly temporary: string;
  readonly snapshots: string;
  readonly deleted: string;

  constructor(directory: string) {
    this.directory = directory;
    this.temporary = join(directory, ".tmp");
    this.snapshots = join(directory, ".snapshots");
    this.deleted = join(directory, ".deleted");
  }

  /** Says which group and pool this is. */
  get marker(): string {
    return join(this.directory, ".hyperv-csi.json");
  }

  get lock(): string {
    return join(this.directory, ".lock");
  }

  get index(): string {
    return join(this.directory, ".index");
  }

  disk(name: string, id: string): string {
    return join(this.directory, diskFile(name, id));
  }

  record(name: string, id: string): string {
    return join(this.directory, recordFile(name, id));
  }

  snapshotDisk(name: string, id: string): string {
    return join(this.snapshots, diskFile(name, id));
  }

  snapshotRecord(name: string, id: string): string {
    return join(this.snapshots, recordFile(name, id));
  }

  groupRecord(id: string): string {
    return join(this.snapshots, `${id}.group.json`);
  }

  /** The record of a group that is being deleted: of the same length, so that its directory need not grow for it. */
  goneGroup(id: string): string {
    return join(this.snapshots, `${id}.group.gone`);
  }

  /** Where a disk is made before its rename. */
  temporaryDisk(id: string): string {
    return join(this.temporary, `${id}.vhdx`);
  }

  /** The intent of a change that makes a disk: it becomes the disk's record. */
  intent(id: string): string {
    return join(this.temporary, `${id}.json`);
  }

  /** A disk that was deleted and is about to be removed. */
  gone(id: string): string {
    return join(this.temporary, id + GONE);
  }

  /** A disk that was deleted and is kept. */
  deletedDisk(id: string): string {
    return join(this.deleted, `${id}.vhdx`);
  }

  deletedRecord(id: string): string {
    return join(this.deleted, `${id}.json`);
  }
}

function diskFile(name: string, id: string): string {
  return `${name};${id}.vhdx`;
}

function recordFile(name: string, id: string): string {
  return `${name};${id}.json`;
}

/** The name in a disk's file: the disk's own, unless its record says another. */
export function fileNameOf({ path }: Pick<Disk, "path">): string {
  const file = basename(path);
  return file.slice(0, file.lastIndexOf(";"));
}

/** Where the record of a disk is: beside it, whichever directory of a pool that is. */
export function recordBeside(disk: Pick<Disk, "path" | "id">): string {
  return join(dirname(disk.path), recordFile(fileNameOf(disk), disk.id));
}

/** False for a path that is too long to be opened, or whose checkpoints' are, as there are on Windows. */
export function canBeOpened(path: string, platform: NodeJS.Platform = thisPlatform): boolean {
  return !isWindows(platform) || path.length + CHECKPOINT_SUFFIX < MAX_PATH;
}

export interface TemporaryFile {
  readonly id: string;
  readonly kind: "disk" | "intent" | "gone";
}

/** What a file in the temporary directory is; undefined for one that is not ours. */
export function parseTemporaryFile(fileName: string): TemporaryFile | undefined {
  const [, id, end] = TEMPORARY_FILE.exec(fileName) ?? [];
  if (id === undefined) return undefined;
  return { id, kind: end === GONE ? "gone" : end === ".json" ? "intent" : "disk" };
}

export interface GroupFile {
  readonly id: string;
  readonly isGone: boolean;
}

/** The record of a group, or of one that is being deleted; undefined for any other file. */
export function parseGroupFile(fileName: string): GroupFile | undefined {
  const [, id, end] = GROUP_FILE.exec(fileName) ?? [];
  return id === undefined ? undefined : { id, isGone: end === "gone" };
}

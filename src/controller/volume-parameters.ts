import { checkFormatOptions, type FormatOptions, readFormatOptions } from "../csi/format-options.ts";
import {
  linuxFileSystems,
  readFileSystem,
  smallestFileSystem,
  type FileSystem,
  type VolumeUse,
} from "../csi/volume-capability.ts";
import { type Encryption, readEncryption } from "../csi/volume-context.ts";
import { didYouMean } from "../kit/did-you-mean.ts";
import { StatusError } from "../kit/errors.ts";
import { MiB, parseSize } from "../kit/sizes.ts";
import { readLabels } from "./labels.ts";
import { filled, isMetadata } from "./name-template.ts";
import { parameterNames, parameterTable } from "./parameter-table.ts";

/** What a StorageClass says about its volumes. */
export interface VolumeParameters {
  readonly diskType: "fixed" | "dynamic" | undefined;
  /** Bytes. */
  readonly diskBlockSize: bigint | undefined;
  readonly pool: string | undefined;
  readonly fsType: FileSystem | undefined;
  readonly format: FormatOptions;
  readonly encryption: Encryption | undefined;
  /** What the file is named, as the template has it. */
  readonly nameTemplate: string | undefined;
  /** `KEY=VALUE` texts as the class has them. */
  readonly labels: string;
}

/** Bytes that a LUKS2 header takes of a disk (cryptsetup's default). */
const LUKS2_HEADER = 16n * MiB;
/** Bytes behind it, as many as the smallest volume has. */
const SMALLEST_DISK = 6n * MiB;

/** @throws StatusError INVALID_ARGUMENT for a parameter that is not known, with the nearest one, and for a value. */
export function readParameters(parameters: Readonly<Record<string, string>>): VolumeParameters {
  const unknown = Object.keys(parameters).find(
    (name) => !Object.hasOwn(parameterTable, name) && !isMetadata(name),
  );
  if (unknown !== undefined) {
    throw invalid(
      `parameter ${JSON.stringify(unknown.slice(0, 128))} is not known: ${didYouMean(unknown, parameterNames)}`,
    );
  }
  const { diskType, diskBlockSize, pool, encryption, nameTemplate, labels = "" } = parameters;
  const fsType = parameters["csi.storage.k8s.io/fstype"] ?? "";
  if (diskType !== undefined && diskType !== "fixed" && diskType !== "dynamic") {
    throw invalid(`diskType ${JSON.stringify(diskType.slice(0, 64))} is neither fixed nor dynamic`);
  }
  if (pool === "") throw invalid("pool is empty: name one, or leave it out");
  if (nameTemplate === "") throw invalid("nameTemplate is empty: say something, or leave it out");
  return {
    diskType,
    diskBlockSize: diskBlockSize === undefined ? undefined : readBlockSize(diskBlockSize),
    pool,
    fsType: fsType === "" ? undefined : readFileSystem(fsType),
    format: readFormatOptions(parameters),
    encryption: encryption === undefined ? undefined : readEncryption(encryption),
    nameTemplate,
    labels,
  };
}

/** @throws StatusError INVALID_ARGUMENT for uses that volumes of these parameters can't have */
export function checkUses({ fsType, format }: VolumeParameters, uses: readonly VolumeUse[]): void {
  for (const use of uses) {
    if (use.access === "mount") checkFormatOptions(use.fsType ?? fsType ?? linuxFileSystems[0], format);
  }
  // A class without a use, as GetCapacity may ask: what it says must still be possible.
  if (fsType !== undefined) checkFormatOptions(fsType, format);
}

/** Bytes that a volume needs so that the file systems asked for fit. */
export function smallestFor({ fsType, encryption }: VolumeParameters, uses: readonly VolumeUse[]): bigint {
  return uses.reduce((most, use) => {
    const made = use.access === "mount" ? (use.fsType ?? fsType) : undefined;
    const fileSystem = made === undefined ? 0n : smallestFileSystem[made];
    const inside = fileSystem < SMALLEST_DISK ? SMALLEST_DISK : fileSystem;
    const need = encryption === undefined ? fileSystem : LUKS2_HEADER + inside;
    return need > most ? need : most;
  }, 0n);
}

/** What the file of a new volume is named, and its labels. @throws StatusError INVALID_ARGUMENT */
export function fillTemplates(
  { nameTemplate, labels }: VolumeParameters,
  parameters: Readonly<Record<string, string>>,
): { readonly fileName?: string; readonly labels: Readonly<Record<string, string>> } {
  return {
    ...(nameTemplate === undefined ? {} : { fileName: filled("nameTemplate", nameTemplate, parameters) }),
    labels: readLabels(labels, (value) => filled("labels", value, parameters)),
  };
}

function readBlockSize(text: string): bigint {
  const size = parseSize(text);
  // One bit set: a power of two.
  const isRight = size !== undefined && size >= MiB && size <= 256n * MiB && (size & (size - 1n)) === 0n;
  if (isRight) return size;
  throw invalid(
    `diskBlockSize ${JSON.stringify(text.slice(0, 64))} is not ${parameterTable.diskBlockSize.values.replaceAll("`", "")}`,
  );
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}

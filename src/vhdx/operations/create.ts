import { rm } from "node:fs/promises";
import { withCreatedFile } from "../storage/created-file.ts";
import type { FillableFile } from "../storage/fillable-file.ts";
import type { VhdxInfo } from "../image/inspect.ts";
import { type FilePiece, type NewImage, newVhdxImage, type NewImageOptions } from "./new-image.ts";

/**
 * Creates a VHDX file that was not there (EEXIST otherwise). Its contents are durable when the promise resolves; the
 * caller makes its name so. On failure nothing stays; a power cut leaves the whole disk or a file that is none.
 * RangeError when an option is out of range.
 */
export function createVhdx(path: string, options: NewImageOptions, signal?: AbortSignal): Promise<VhdxInfo> {
  return createBy(writeNewImage, path, options, signal);
}

/**
 * Like `createVhdx` with one flush instead of two, for callers that give the file its real name only when this has
 * resolved: after a power cut before that it may open and lack blocks.
 */
export function createUnnamedVhdx(
  path: string,
  options: NewImageOptions,
  signal?: AbortSignal,
): Promise<VhdxInfo> {
  return createBy(writeAtOnce, path, options, signal);
}

/** Writes a new disk into an empty file. The headers make it one, when all else is durable. */
export async function writeNewImage(
  file: FillableFile,
  { size, body, headers }: NewImage,
  signal?: AbortSignal,
): Promise<void> {
  await file.resize(size);
  await writePieces(file, body, signal);
  await file.flush();
  await writePieces(file, headers, signal);
  await file.flush();
}

async function writeAtOnce(
  file: FillableFile,
  { size, body, headers }: NewImage,
  signal?: AbortSignal,
): Promise<void> {
  await file.resize(size);
  await writePieces(file, body, signal);
  await writePieces(file, headers, signal);
  await file.flush();
}

async function writePieces(
  file: FillableFile,
  pieces: Iterable<FilePiece>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { offset, bytes } of pieces) {
    signal?.throwIfAborted();
    await file.write(offset, bytes);
  }
}

async function createBy(
  write: (file: FillableFile, image: NewImage, signal?: AbortSignal) => Promise<void>,
  path: string,
  options: NewImageOptions,
  signal: AbortSignal | undefined,
): Promise<VhdxInfo> {
  const image = newVhdxImage(options);
  await withCreatedFile(path, async (file) => {
    try {
      await write(file, image, signal);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  });
  return image.info;
}

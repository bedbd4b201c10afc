import { expect } from "chai";
import {
  checkVhdx,
  cloneVhdx,
  compactVhdx,
  convertDisk,
  createChild,
  createVhdx,
  parentsInside,
  type ParentResolver,
  ReadableDisk,
  resizeVhdx,
  VhdxError,
  WritableDisk,
} from "../../../src/vhdx/index.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { rejection } from "../support/rejects.ts";
import { DiskModel } from "./disk-model.ts";
import type { Start, Step } from "./steps.ts";

const BLOCK = 1 << 20;

/** A real disk in a real file and, beside it, what it should hold. */
export class DiskUnderTest {
  readonly #path: (name: string) => string;
  readonly #resolveParent: ParentResolver;
  readonly #type: Start["type"];
  readonly #sectorSize: number;
  /** Disks that have a child or a clone: nothing may change in them any more. */
  readonly #frozen: { readonly path: string; readonly model: DiskModel }[] = [];
  #names = 0;
  #current = "";
  #isChild = false;
  #model: DiskModel;
  #disk: WritableDisk | undefined;

  private constructor(directory: string, path: (name: string) => string, from: Start) {
    this.#path = path;
    this.#resolveParent = parentsInside([directory]);
    this.#type = from.type;
    this.#sectorSize = from.sectorSize;
    this.#model = new DiskModel(this.#sizeOf(from.blocks, from.sectors), BLOCK);
  }

  static async create(
    directory: string,
    path: (name: string) => string,
    from: Start,
  ): Promise<DiskUnderTest> {
    const made = new DiskUnderTest(directory, path, from);
    made.#current = made.#nextPath();
    await createVhdx(made.#current, {
      type: from.type,
      size: BigInt(made.#model.size),
      virtualDiskId: randomGuid(),
      blockSize: BLOCK,
      logicalSectorSize: from.sectorSize,
    });
    return made;
  }

  async step(step: Step): Promise<void> {
    if (step.kind === "write") await this.#write(step.at, step.length, step.byte);
    else if (step.kind === "resize") await this.#resize(step.blocks, step.sectors);
    else if ("at" in step) await this.#range(step.kind, step.at, step.length);
    else if (step.kind === "flush") await (await this.#open()).flush();
    else await this.#whole(step.kind);
  }

  /** The disk, and every one it grew out of, holds what it should, and its files are in order. */
  async finish(): Promise<void> {
    await this.#close();
    this.#freeze();
    for (const { path, model } of this.#frozen) await this.#expectContent(path, model);
    const { findings, isClean } = await checkVhdx(this.#current, { resolveParent: this.#resolveParent });
    expect(
      isClean,
      JSON.stringify(findings.map(({ structure, problem }) => `${structure}: ${problem}`)),
    ).to.equal(true);
  }

  async abandon(): Promise<void> {
    await this.#close().catch(() => undefined);
  }

  async #write(share: number, wanted: number, byte: number): Promise<void> {
    const { offset, length } = this.#rangeOf(share, wanted);
    const data = Buffer.alloc(length, byte);
    data.set([byte ^ 0xff], 0);
    await (await this.#open()).write(BigInt(offset), data);
    this.#model.write(offset, data);
  }

  async #range(kind: "zero" | "trim" | "read", share: number, wanted: number): Promise<void> {
    const { offset, length } = this.#rangeOf(share, wanted);
    const disk = await this.#open();
    if (kind === "read") {
      const bytes = Buffer.alloc(length);
      await disk.read(BigInt(offset), bytes);
      expect(
        bytes.equals(this.#model.bytes.subarray(offset, offset + length)),
        `read ${length} at ${offset}`,
      ).to.equal(true);
      return;
    }
    await disk[kind](BigInt(offset), BigInt(length));
    this.#model[kind](offset, length);
  }

  async #resize(blocks: number, sectors: number): Promise<void> {
    await this.#close();
    const present = Math.floor(this.#model.size / BLOCK);
    const size = Math.min(this.#sizeOf(Math.max(1, present + blocks), sectors), 9 * BLOCK);
    const resized = resizeVhdx(this.#current, BigInt(size), { resolveParent: this.#resolveParent });
    const refused = size < this.#model.size && (this.#isChild || !this.#model.canShrinkTo(size));
    if (refused && !this.#isChild) {
      expect(await rejection(resized)).to.be.instanceOf(VhdxError);
      return;
    }
    // A child may shrink down to its parent's size only, and the model does not know that size.
    const error = await resized.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (refused && error instanceof VhdxError) return;
    expect(error).to.equal(undefined);
    expect(this.#model.canShrinkTo(size), "only zeros are cut off").to.equal(true);
    this.#model.resize(size);
  }

  async #whole(kind: "reopen" | "child" | "clone" | "compact" | "flatten"): Promise<void> {
    await this.#close();
    if (kind === "reopen") return;
    const resolveParent = this.#resolveParent;
    if (kind === "compact") {
      await compactVhdx(this.#current);
      return;
    }
    const next = this.#nextPath();
    if (kind === "child") await createChild(next, this.#current, { blockSize: BLOCK });
    if (kind === "clone") await cloneVhdx(this.#current, next);
    if (kind === "flatten") {
      await convertDisk(this.#current, next, {
        ...{ from: "vhdx", to: this.#type, blockSize: BLOCK, resolveParent },
      });
    }
    this.#freeze();
    this.#isChild = kind === "child" || (kind === "clone" && this.#isChild);
    this.#current = next;
  }

  #freeze(): void {
    this.#frozen.push({ path: this.#current, model: this.#model.copy() });
  }

  async #expectContent(path: string, model: DiskModel): Promise<void> {
    const disk = await ReadableDisk.open(path, { resolveParent: this.#resolveParent });
    try {
      expect(Number(disk.virtualSize), `size of ${path}`).to.equal(model.size);
      const bytes = Buffer.alloc(model.size);
      await disk.read(0n, bytes);
      expect(bytes.equals(model.bytes), `content of ${path}`).to.equal(true);
    } finally {
      await disk.close();
    }
  }

  async #open(): Promise<WritableDisk> {
    this.#disk ??= await WritableDisk.open(this.#current, { resolveParent: this.#resolveParent });
    return this.#disk;
  }

  async #close(): Promise<void> {
    const disk = this.#disk;
    this.#disk = undefined;
    await disk?.close();
  }

  #rangeOf(share: number, wanted: number): { offset: number; length: number } {
    const offset = Math.min(Math.floor(share * this.#model.size), this.#model.size - 1);
    return { offset, length: Math.min(wanted, this.#model.size - offset) };
  }

  #sizeOf(blocks: number, sectors: number): number {
    return blocks * BLOCK + (this.#type === "fixed" ? 0 : sectors * this.#sectorSize);
  }

  #nextPath(): string {
    return this.#path(`${this.#names++}.vhdx`);
  }
}

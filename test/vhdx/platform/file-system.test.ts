import { randomBytes } from "node:crypto";
import { type FileHandle, open, readFile, stat, writeFile } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { fileSystem } from "../../../src/vhdx/platform/file-system.ts";
import type { FileSystem } from "../../../src/vhdx/platform/port.ts";
import { linuxFileSystem } from "../../../src/vhdx/platform/linux.ts";
import { nativeLibraries } from "../../../src/kit/native.ts";
import { plainFileSystem } from "../../../src/vhdx/platform/plain.ts";
import { mountedFileSystem } from "../support/mounted.ts";
import { rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

const PAGE = 4096;
const PAGES = 64;

/** All stretches of data in the first `size` bytes of a file. */
function dataIn(system: FileSystem, handle: FileHandle, size: bigint): [bigint, bigint][] {
  const found: [bigint, bigint][] = [];
  for (let at = 0n; at < size;) {
    const range = system.nextData(handle.fd, at, size);
    if (range === undefined) break;
    expect(range.start >= at && range.end > range.start && range.end <= size).to.equal(true);
    found.push([range.start, range.end]);
    at = range.end;
  }
  return found;
}

async function withPages<T>(
  place: string,
  pages: readonly boolean[],
  use: (handle: FileHandle) => Promise<T>,
): Promise<T> {
  const handle = await open(place, "w+");
  try {
    await handle.truncate(pages.length * PAGE);
    for (const [page, isData] of pages.entries()) {
      if (isData) await handle.write(Buffer.alloc(PAGE, 1), 0, PAGE, page * PAGE);
    }
    return await use(handle);
  } finally {
    await handle.close();
  }
}

function holesAndClones(path: (name: string) => string, sharesSpace: boolean): void {
  it("tells every page of data, and no more than whole stretches of it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: PAGES, maxLength: PAGES }), async (pages) => {
        await withPages(path("pages"), pages, (handle) => {
          const found = dataIn(fileSystem, handle, BigInt(PAGES * PAGE));
          const isFound = (page: number) =>
            found.some(([start, end]) => start <= BigInt(page * PAGE) && BigInt(page * PAGE) < end);
          pages.forEach((isData, page) => {
            if (isData) expect(isFound(page), `page ${page}`).to.equal(true);
          });
          return Promise.resolve();
        });
      }),
      { numRuns: 30 },
    );
  });

  it("tells a hole of a megabyte", async () => {
    const pages = Array.from({ length: 768 }, (_, page) => page < 256 || page >= 512);
    await withPages(path("hole"), pages, (handle) => {
      expect(dataIn(fileSystem, handle, 3n << 20n)).to.deep.equal([
        [0n, 1n << 20n],
        [2n << 20n, 3n << 20n],
      ]);
      expect(fileSystem.nextData(handle.fd, 1n << 20n, 2n << 20n)).to.equal(undefined);
      expect(fileSystem.nextData(handle.fd, 9n << 20n, 10n << 20n), "behind the end").to.equal(undefined);
      return Promise.resolve();
    });
  });

  it("punches holes that read as zeros and give space back", async () => {
    await withPages(
      path("punched"),
      Array.from({ length: 512 }, () => true),
      async (handle) => {
        await handle.sync();
        const before = await handle.stat();
        expect(await fileSystem.punch(handle.fd, 1n << 20n, 1n << 20n)).to.equal(true);
        await handle.sync();
        const after = await handle.stat();
        expect(after.size).to.equal(before.size);
        expect(after.blocks).to.be.below(before.blocks);
      },
    );
    const bytes = await readFile(path("punched"));
    expect(bytes.subarray(1 << 20).every((byte) => byte === 0)).to.equal(true);
    expect(bytes.subarray(0, 1 << 20).every((byte) => byte === 1)).to.equal(true);
  });

  it(sharesSpace ? "clones by sharing space" : "says that it can't clone, and leaves no file", async () => {
    const data = randomBytes(1 << 20);
    await writeFile(path("source"), data);
    expect(await fileSystem.cloneFile(path("source"), path("clone"))).to.equal(sharesSpace);
    if (sharesSpace) expect((await readFile(path("clone"))).equals(data)).to.equal(true);
    else expect(await rejection(stat(path("clone")))).to.have.property("code", "ENOENT");
    await writeFile(path("taken"), "");
    expect(await rejection(fileSystem.cloneFile(path("source"), path("taken")))).to.have.property(
      "code",
      "EEXIST",
    );
  });
}

describe("vhdx file system calls", function () {
  this.timeout(300_000);
  before(function () {
    if (process.platform === "linux") return;
    console.log("      skipped: these are Linux file systems");
    this.skip();
  });

  describe("where the temporary files are", () => {
    holesAndClones(temporaryDirectory(), false);
  });
  describe("on xfs", () => {
    holesAndClones(mountedFileSystem("xfs"), true);
  });
  describe("on btrfs", () => {
    holesAndClones(mountedFileSystem("btrfs"), true);
  });

  it("pass errors on by their code", async () => {
    const native = nativeLibraries();
    expect(native, "koffi is installed").not.to.equal(undefined);
    const system = linuxFileSystem(native!);
    expect(await rejection(system.punch(9999, 0n, 4096n))).to.include({
      code: "EBADF",
      syscall: "fallocate",
    });
    expect(() => system.nextData(9999, 0n, 1n)).to.throw(/EBADF/);
  });

  describe("without koffi", () => {
    const path = temporaryDirectory();

    it("take every byte for data and punch nothing", async () => {
      await withPages(path("plain"), [true, false, true], async (handle) => {
        expect(dataIn(plainFileSystem, handle, 12_288n)).to.deep.equal([[0n, 12_288n]]);
        expect(plainFileSystem.nextData(handle.fd, 5n, 5n)).to.equal(undefined);
        expect(await plainFileSystem.punch(handle.fd, 0n, 4096n)).to.equal(false);
      });
      expect((await readFile(path("plain")))[0]).to.equal(1);
    });
  });
});

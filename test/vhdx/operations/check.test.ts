import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { MiB } from "../../../src/kit/sizes.ts";
import { ReadableDisk } from "../../../src/vhdx/disk/readable-disk.ts";
import { WritableDisk } from "../../../src/vhdx/disk/writable-disk.ts";
import { readHeaders } from "../../../src/vhdx/format/header.ts";
import { tableView, writeEntry } from "../../../src/vhdx/format/block-table.ts";
import { checkFile, checkVhdx, type Severity } from "../../../src/vhdx/operations/check.ts";
import { createChild } from "../../../src/vhdx/operations/create-child.ts";
import { repairIn, repairVhdx } from "../../../src/vhdx/operations/repair.ts";
import { resizeVhdx } from "../../../src/vhdx/operations/resize.ts";
import { parentsInside } from "../../../src/vhdx/image/parent-resolver.ts";
import { makeDirty } from "../support/dirty.ts";
import { contentOf, diskWith, writeRandom } from "../support/disks.ts";
import { edit, headers, regionTables, spoil } from "../support/images.ts";
import { MemoryFile } from "../support/memory-file.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { needs, qemuCheck, tool } from "../support/tools.ts";

const TABLE = 3n * MiB;

function putEntry(file: MemoryFile, index: number, state: number, offsetMiB: number): void {
  const bytes = Buffer.alloc(8);
  writeEntry(tableView(bytes), 0, state, offsetMiB);
  file.put(TABLE + BigInt(index * 8), bytes);
}

async function everything(file: MemoryFile): Promise<Buffer> {
  const disk = await ReadableDisk.on(file, "disk");
  const bytes = Buffer.alloc(Number(disk.virtualSize));
  await disk.read(0n, bytes);
  return bytes;
}

describe("vhdx check", function () {
  this.timeout(300_000);
  const path = temporaryDirectory();
  let valid: MemoryFile;
  let child: MemoryFile;

  before(async () => {
    await diskWith(path("disk.vhdx"), [
      [0, 1000],
      [2 << 20, 1 << 20],
      [7 << 20, 10],
    ]);
    valid = await MemoryFile.load(path("disk.vhdx"), 16 << 20);
    await createChild(path("child.avhdx"), path("disk.vhdx"), { blockSize: 1 << 20 });
    await writeRandom(path("child.avhdx"), [[512, 100]], parentsInside([path(".")]));
    child = await MemoryFile.load(path("child.avhdx"), 16 << 20);
  });

  async function findings(file: MemoryFile): Promise<[Severity, string, boolean][]> {
    const untouched = file.copy();
    const report = await checkFile(file, path("disk.vhdx"));
    expect(file.equals(untouched), "a check writes nothing").to.equal(true);
    return report.findings.map(({ severity, structure, repairable }) => [severity, structure, repairable]);
  }

  it("finds nothing wrong with what this library makes", async () => {
    const report = await checkVhdx(path("disk.vhdx"));
    expect(report).to.deep.include({ findings: [], isClean: true });
    expect(report.space).to.deep.equal({ allocatedBlocks: 3, unusedBytes: 0n });
    expect(
      (await checkVhdx(path("child.avhdx"), { resolveParent: parentsInside([path(".")]) })).findings,
    ).to.deep.equal([]);
    expect(await findings(child)).to.deep.equal([["information", "parent locator", false]]);
  });

  const damages: [string, (file: MemoryFile) => unknown, Severity, string, boolean][] = [
    [
      "another signature",
      (file) => {
        file.put(0n, Buffer.from("conectix"));
      },
      "error",
      "file identifier",
      false,
    ],
    [
      "one damaged header",
      (file) => {
        spoil(file, headers[0]!);
      },
      "warning",
      "header 1",
      true,
    ],
    [
      "the other damaged header",
      (file) => {
        spoil(file, headers[1]!);
      },
      "warning",
      "header 2",
      true,
    ],
    [
      "both damaged headers",
      (file) =>
        headers.map((one) => {
          spoil(file, one);
        }),
      "error",
      "header",
      false,
    ],
    [
      "one damaged region table",
      (file) => {
        spoil(file, regionTables[0]!);
      },
      "warning",
      "region table",
      true,
    ],
    [
      "region tables that differ",
      (file) => {
        edit(file, regionTables[1]!, (bytes) => bytes.fill(1, 12, 16));
      },
      "warning",
      "region table",
      true,
    ],
    [
      "both damaged region tables",
      (file) =>
        regionTables.map((one) => {
          spoil(file, one);
        }),
      "error",
      "region table",
      false,
    ],
    [
      "a damaged metadata table",
      (file) => {
        file.put(2n * MiB, Buffer.from("x"));
      },
      "error",
      "metadata table",
      false,
    ],
    [
      "a block of an unknown state",
      (file) => {
        putEntry(file, 5, 4, 0);
      },
      "error",
      "block table",
      false,
    ],
    [
      "a block behind the end",
      (file) => {
        putEntry(file, 5, 6, 1000);
      },
      "error",
      "block table",
      false,
    ],
    [
      "a block over another",
      (file) => {
        putEntry(file, 5, 6, 4);
      },
      "error",
      "block table",
      false,
    ],
    [
      "a block over the block table",
      (file) => {
        putEntry(file, 5, 6, 3);
      },
      "error",
      "block table",
      false,
    ],
    [
      "a partial block without parent",
      (file) => {
        putEntry(file, 5, 7, 7);
      },
      "error",
      "block table",
      false,
    ],
    [
      "reserved bits",
      (file) => {
        file.put(TABLE + 41n, Buffer.from([0x80]));
      },
      "warning",
      "block table",
      false,
    ],
    ["a length that is no MiB", (file) => file.resize(7n * MiB + 5n), "information", "file", false],
    ["unused space", (file) => file.resize(9n * MiB), "information", "file", false],
  ];
  for (const [what, damage, severity, structure, repairable] of damages) {
    it(`finds ${what}`, async () => {
      const file = valid.copy();
      await damage(file);
      expect(await findings(file)).to.deep.include([severity, structure, repairable]);
      const { isClean } = await checkFile(file, "disk");
      expect(isClean).to.equal(severity === "information");
    });
  }

  it("finds a partial block whose bitmap is missing, and a bitmap's entry of a strange state", async () => {
    const missing = child.copy();
    putEntry(missing, 4096, 0, 0);
    // The sector bitmap's entry of a disk with blocks of 1 MiB follows 4096 blocks.
    expect(await findings(missing)).to.deep.include(["error", "block table", false]);
    const strange = valid.copy();
    await edit8BlocksMore(strange);
    expect((await findings(strange)).some(([severity]) => severity === "error")).to.equal(false);
  });

  /** Nothing: entries behind those the disk uses are not looked at. */
  function edit8BlocksMore(file: MemoryFile): Promise<void> {
    putEntry(file, 9, 4, 99);
    return Promise.resolve();
  }

  it("finds that a parent has changed or is missing", async () => {
    await createChild(path("orphan.avhdx"), path("disk.vhdx"));
    const resolveParent = parentsInside([path(".")]);
    await resizeVhdx(path("disk.vhdx"), 9n * MiB);
    const changed = await checkVhdx(path("orphan.avhdx"), { resolveParent });
    expect(changed.findings[0]?.problem).to.match(/is not the parent or has changed/);
    const missing = await checkVhdx(path("orphan.avhdx"), {
      resolveParent: () => Promise.resolve(undefined),
    });
    expect(missing.findings[0]?.problem).to.match(/was not found/);
    expect(missing.isClean).to.equal(false);
  });

  it("says when the damage is in the parent", async () => {
    await diskWith(path("sick.vhdx"), []);
    await createChild(path("of-sick.avhdx"), path("sick.vhdx"));
    const file = await MemoryFile.load(path("sick.vhdx"), 8 << 20);
    regionTables.forEach((table) => {
      spoil(file, table);
    });
    await file.save(path("sick.vhdx"));
    const { findings: found } = await checkVhdx(path("of-sick.avhdx"), {
      resolveParent: parentsInside([path(".")]),
    });
    expect(found[0]?.structure).to.match(/^region table of the parent .*sick\.vhdx$/);
  });

  it("lists a thousand findings and says how many more there are", async () => {
    await diskWith(path("many.vhdx"), []);
    await resizeVhdx(path("many.vhdx"), 5000n * MiB);
    const file = await MemoryFile.load(path("many.vhdx"), 4 << 20);
    for (let index = 0; index < 3000; index++) putEntry(file, index, 4, 0);
    const { findings: all } = await checkFile(file, "many");
    expect(all.length).to.equal(1001);
    expect(all.at(-1)?.problem).to.equal("2000 more findings are not listed");
  });

  describe("and repair", () => {
    for (const [what, damage, , , repairable] of damages) {
      it(`${repairable ? "sees to" : "leaves alone"} ${what}`, async () => {
        const file = valid.copy();
        await damage(file);
        const before = file.copy();
        const { repaired, remaining } = await repairIn(file, "disk");
        expect(repaired.length).to.equal(repairable ? 1 : 0);
        if (!repairable) {
          expect(file.equals(before), "nothing written").to.equal(true);
          return;
        }
        expect(remaining.findings).to.deep.equal([]);
        expect((await everything(file)).equals(await everything(valid)), "same content").to.equal(true);
        const guids = await Promise.all([valid, file].map(async (one) => (await readHeaders(one)).header));
        expect(guids[1]!.dataWriteGuid).to.equal(guids[0]!.dataWriteGuid);
      });
    }

    it("replays a pending log", async () => {
      const file = valid.copy();
      await makeDirty(file, [{ offset: TABLE, data: file.get(TABLE, 4096) }]);
      file.put(TABLE, Buffer.alloc(8));
      expect(await findings(file)).to.deep.equal([["information", "log", true]]);
      const { remaining } = await repairIn(file, "disk");
      expect(remaining.findings).to.deep.equal([]);
      expect((await everything(file)).equals(await everything(valid))).to.equal(true);
    });

    it("clears a strange entry of a sector bitmap that nothing needs", async () => {
      await diskWith(path("wide.vhdx"), [[0, 10]]);
      await resizeVhdx(path("wide.vhdx"), 5000n * MiB);
      const file = await MemoryFile.load(path("wide.vhdx"), 8 << 20);
      putEntry(file, 4096, 6, 4);
      expect(await findings(file)).to.deep.equal([["warning", "sector bitmap entry", true]]);
      await WritableDisk.on(file.copy(), "disk");
      const { remaining } = await repairIn(file, "disk");
      expect(remaining.findings).to.deep.equal([]);
    });
  });

  it("agrees with opening: what has no error opens and can be read", async () => {
    const places = fc.oneof(
      fc.nat(100),
      fc.integer({ min: 0x10000, max: 0x10050 }),
      fc.integer({ min: 3 << 20, max: (3 << 20) + 71 }),
    );
    const edits = fc.array(fc.tuple(places, fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const file = valid.copy();
        for (const [at, byte] of changes) file.put(BigInt(at), Buffer.from([byte]));
        const { findings: found } = await checkFile(file, "disk");
        if (found.some(({ severity }) => severity === "error")) return;
        await everything(file);
      }),
      { numRuns: 500 },
    );
  });
});

describe("vhdx check of files by qemu", function () {
  this.timeout(300_000);
  before(needs("qemu-img", "qemu-io"));
  const path = temporaryDirectory();

  for (const options of ["subformat=dynamic", "subformat=fixed", "subformat=fixed,block_state_zero=off"]) {
    it(`finds nothing wrong with ${options}`, async () => {
      const place = path(`${options}.vhdx`);
      await tool("qemu-img", "create", "-f", "vhdx", "-o", options, place, "48M");
      await tool("qemu-io", "-f", "vhdx", "-c", "write -P 3 5M 20M", place);
      const { findings: found, isClean } = await checkVhdx(place);
      expect(isClean, JSON.stringify(found.map(({ problem }) => problem))).to.equal(true);
    });
  }

  it("agrees that a repaired file is in order", async () => {
    const place = path("damaged.vhdx");
    await diskWith(place, [[5, 5000]]);
    const content = await contentOf(place);
    const file = await MemoryFile.load(place, 16 << 20);
    spoil(file, headers[0]!);
    file.put(regionTables[0]!.offset, randomBytes(1000));
    await file.save(place);
    const { repaired } = await repairVhdx(place);
    expect(repaired.map(({ structure }) => structure)).to.deep.equal(["header 1", "region table"]);
    await qemuCheck(place);
    expect((await contentOf(place)).equals(content)).to.equal(true);
  });
});

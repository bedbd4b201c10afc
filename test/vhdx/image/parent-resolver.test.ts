import { mkdir, symlink, writeFile } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { posix } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { MiB } from "../../../src/kit/sizes.ts";
import type { ParentLocator } from "../../../src/vhdx/format/parent-locator.ts";
import { randomGuid } from "../../../src/vhdx/format/guid.ts";
import { parentCandidates } from "../../../src/vhdx/image/parent-candidates.ts";
import { parentsInside } from "../../../src/vhdx/image/parent-resolver.ts";
import { createVhdx } from "../../../src/vhdx/operations/create.ts";
import { temporaryDirectory } from "../support/temp.ts";

describe("vhdx parent candidates", () => {
  const linkage = randomGuid();

  it("come in Windows' order, and none of a share, a device, a stream or a rooted path that claims to be relative", () => {
    const volume = "\\\\?\\Volume{01234567-89ab-cdef-0123-456789abcdef}\\vms\\base.vhdx";
    const on = (locator: Partial<ParentLocator>) =>
      parentCandidates("C:\\pool", { linkage, ...locator }, "win32");
    expect(
      on({ relativePath: "..\\b\\x.vhdx", volumePath: volume, absolutePath: "D:\\b\\x.vhdx" }),
    ).to.deep.equal(["C:\\b\\x.vhdx", volume, "D:\\b\\x.vhdx"]);
    for (const path of [
      "\\\\server\\share\\x.vhdx",
      "//server/share/x.vhdx",
      "\\\\.\\PhysicalDrive0",
      "\\\\?\\UNC\\server\\share\\x",
      "\\\\?\\GLOBALROOT\\Device\\x",
      "C:relative.vhdx",
      "C:\\file.vhdx:stream",
      "\\rooted",
    ]) {
      expect(on({ absolutePath: path, volumePath: path }), path).to.deep.equal([]);
      expect(on({ relativePath: path }), path).to.deep.equal([]);
    }
  });

  it("on other systems are relative and absolute paths and the neighbours of the child", () => {
    const on = (locator: Partial<ParentLocator>) =>
      parentCandidates("/pool", { linkage, ...locator }, "linux");
    expect(on({ relativePath: "..\\b\\x.vhdx", absolutePath: "D:\\vms\\y.vhdx" })).to.deep.equal([
      "/b/x.vhdx",
      "/pool/x.vhdx",
      "/pool/y.vhdx",
    ]);
    expect(on({ absolutePath: "/b/x.vhdx" })).to.deep.equal(["/b/x.vhdx", "/pool/x.vhdx"]);
    expect(on({ absolutePath: "//server/x.vhdx" })).to.deep.equal(["/pool/x.vhdx"]);
  });

  it("are absolute and never a share, whatever the locator says", () => {
    const path = fc.oneof(fc.string(), fc.stringMatching(/^[\\/.:a-cC?]{0,12}$/));
    fc.assert(
      fc.property(path, path, path, (relativePath, volumePath, absolutePath) => {
        const locator = { linkage, relativePath, volumePath, absolutePath };
        for (const candidate of parentCandidates("/pool", locator, "linux")) {
          expect(posix.isAbsolute(candidate)).to.equal(true);
        }
        for (const candidate of parentCandidates("C:\\pool", locator, "win32")) {
          expect(candidate).to.match(/^(C:\\|[A-Za-z]:\\|\\\\\?\\Volume\{)/);
          expect(candidate.slice(2)).not.to.contain(":\\\\");
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("vhdx parents inside", () => {
  const path = temporaryDirectory();
  let linkage = "";

  before(async () => {
    await mkdir(path("pool"));
    await mkdir(path("outside"));
    for (const name of ["pool/base.vhdx", "outside/base.vhdx", "pool/other.vhdx"]) {
      const info = await createVhdx(path(name), { type: "dynamic", size: MiB, virtualDiskId: randomGuid() });
      if (name === "pool/base.vhdx") linkage = info.dataWriteGuid;
    }
    await writeFile(path("pool/child.avhdx"), "");
    await symlink(path("outside"), path("pool/link"));
    await symlink(path("outside/base.vhdx"), path("pool/linked.vhdx"));
    execFileSync("mkfifo", [path("pool/fifo")]);
  });

  async function resolve(locator: Partial<ParentLocator>): Promise<string | undefined> {
    const resolver = parentsInside([path("pool")]);
    const parent = await resolver({ child: path("pool/child.avhdx"), locator: { linkage, ...locator } });
    await parent?.close();
    return parent?.name;
  }

  it("finds one by its relative path, its absolute path, or its name", async () => {
    for (const locator of [
      { relativePath: ".\\base.vhdx" },
      { absolutePath: path("pool/base.vhdx") },
      { absolutePath: "E:\\elsewhere\\base.vhdx" },
    ]) {
      expect(await resolve(locator)).to.equal(path("pool/base.vhdx"));
    }
  });

  it("never leaves its directories, not by dots, not by links, not by absolute paths", async () => {
    for (const locator of [
      { relativePath: "..\\outside\\base.vhdx", linkage: randomGuid() },
      { absolutePath: path("outside/none.vhdx") },
      { relativePath: ".\\link\\none.vhdx" },
      { relativePath: ".\\linked.vhdx" },
      { absolutePath: "/etc/passwd" },
    ]) {
      const name = await resolve(locator);
      expect(name === undefined || name.startsWith(path("pool") + "/"), JSON.stringify(locator)).to.equal(
        true,
      );
      expect(name ?? "").not.to.contain("outside");
    }
  });

  it("passes over a file that is not the parent for one that is", async () => {
    expect(await resolve({ relativePath: ".\\other.vhdx", absolutePath: path("pool/base.vhdx") })).to.equal(
      path("pool/base.vhdx"),
    );
    expect(await resolve({ relativePath: ".\\other.vhdx" }), "the opener says why it won't do").to.equal(
      path("pool/other.vhdx"),
    );
  });

  it("finds nothing in what is no file, and does not wait for it", async () => {
    expect(await resolve({ relativePath: ".\\fifo" })).to.equal(undefined);
    expect(await resolve({ relativePath: "." })).to.equal(undefined);
    expect(await resolve({ relativePath: ".\\missing.vhdx" })).to.equal(undefined);
  });
});

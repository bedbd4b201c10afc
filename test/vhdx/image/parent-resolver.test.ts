import { copyFile, link, mkdir, readdir, readlink, realpath, symlink, writeFile } from "node:fs/promises";
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
      "",
    ]) {
      expect(on({ absolutePath: path, volumePath: path }), path).to.deep.equal([]);
      expect(on({ relativePath: path }), path).to.deep.equal([]);
    }
  });

  it("are no devices, which Windows has in every directory", () => {
    for (const name of ["NUL", "con", "Aux.vhdx", "COM1", "lpt9 .x.vhdx", "COM¹", "CONIN$", "nul ", "prn."]) {
      const paths = {
        relativePath: `.\\sub/${name}`,
        volumePath: `\\\\?\\Volume{${linkage}}\\${name}`,
        absolutePath: `D:\\${name}\\x.vhdx`,
      };
      expect(parentCandidates("C:\\pool", { linkage, ...paths }, "win32"), name).to.deep.equal([]);
    }
    const near = { relativePath: ".\\console.vhdx", absolutePath: "D:\\com10\\nul1.vhdx" };
    expect(parentCandidates("C:\\pool", { linkage, ...near }, "win32")).to.deep.equal([
      "C:\\pool\\console.vhdx",
      "D:\\com10\\nul1.vhdx",
    ]);
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
    expect(on({ absolutePath: "\\b\\x.vhdx" }), "as createChild spells it").to.deep.equal([
      "/b/x.vhdx",
      "/pool/x.vhdx",
    ]);
    for (const share of ["//server/x.vhdx", "\\\\server\\x.vhdx", "/\\server\\x.vhdx"]) {
      expect(on({ absolutePath: share }), share).to.deep.equal(["/pool/x.vhdx"]);
    }
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
    for (const name of ["pool", "pool/sub", "outside"]) await mkdir(path(name));
    for (const name of ["pool/base.vhdx", "pool/other.vhdx", "pool/second.vhdx"]) {
      const info = await createVhdx(path(name), { type: "dynamic", size: MiB, virtualDiskId: randomGuid() });
      if (name === "pool/base.vhdx") linkage = info.dataWriteGuid;
    }
    // The parent anyone would take, in places it may not be taken from.
    await copyFile(path("pool/base.vhdx"), path("outside/secret.vhdx"));
    await copyFile(path("pool/base.vhdx"), path("pool-secret.vhdx"));
    await copyFile(path("pool/base.vhdx"), path("pool/child.avhdx"));
    await writeFile(path("pool/text"), "text");
    await symlink(path("outside"), path("pool/link"));
    await symlink("../outside/secret.vhdx", path("pool/linked.vhdx"));
    await symlink(path("pool/sub"), path("pool/in"));
    await symlink("loop", path("pool/loop"));
    execFileSync("mkfifo", [path("pool/fifo")]);
  });

  async function resolve(
    locator: Partial<ParentLocator>,
    child = "pool/child.avhdx",
  ): Promise<string | undefined> {
    const resolver = parentsInside([path("pool")]);
    const parent = await resolver({ child: path(child), locator: { linkage, ...locator } });
    await parent?.close();
    return parent?.name;
  }

  it("finds one by its relative path, its absolute path, or its name", async () => {
    for (const locator of [
      { relativePath: ".\\base.vhdx" },
      { relativePath: "sub/../base.vhdx" },
      { absolutePath: path("pool/base.vhdx") },
      { absolutePath: path("pool/base.vhdx").replaceAll("/", "\\") },
      { absolutePath: "E:\\elsewhere\\base.vhdx" },
      { relativePath: "\\\\server\\share\\base.vhdx" },
    ]) {
      expect(await resolve(locator), JSON.stringify(locator)).to.equal(path("pool/base.vhdx"));
    }
  });

  it("starts from where the child really is", async () => {
    await symlink(path("pool/child.avhdx"), path("outside/child.avhdx"));
    expect(await resolve({ relativePath: ".\\base.vhdx" }, "outside/child.avhdx")).to.equal(
      path("pool/base.vhdx"),
    );
  });

  it("never leaves its directories, not by dots, not by links, not by absolute paths", async () => {
    for (const locator of [
      { relativePath: "..\\outside\\secret.vhdx" },
      { relativePath: "..\\pool-secret.vhdx" },
      { relativePath: ".\\link\\secret.vhdx" },
      { relativePath: ".\\linked.vhdx" },
      { absolutePath: path("outside/secret.vhdx") },
      { absolutePath: path("pool-secret.vhdx") },
      { absolutePath: path("pool/link/secret.vhdx") },
      { absolutePath: "/etc/passwd" },
    ]) {
      expect(await resolve(locator), JSON.stringify(locator)).to.equal(undefined);
    }
  });

  describe("by ways that are made up", () => {
    const separator = fc.constantFrom("/", "\\");
    /** Steps with any separators between them. */
    const way = (steps: fc.Arbitrary<readonly string[]>) =>
      fc
        .tuple(steps, fc.infiniteStream(separator))
        .map(([names, separators]) =>
          names.reduce((before, name) => `${before}${separators.next().value}${name}`),
        );
    /** From the pool and back into it. */
    const detours = fc.array(fc.constantFrom(".", "sub/..", "../pool", "sub/.././", "../outside/../pool"), {
      maxLength: 4,
    });
    /** A way to one of these, from the pool or from the root. */
    const wayTo = (...targets: readonly string[]) => {
      const relative = way(
        fc.tuple(detours, fc.constantFrom(...targets)).map(([before, end]) => [...before, end]),
      );
      // With one separator throughout: a path that begins with a slash has no others.
      const absolute = fc
        .tuple(relative, separator)
        .map(([text, between]) => `${path("pool")}/${text}`.replaceAll(/[\\/]/g, () => between));
      return { relative, absolute };
    };
    const names = ["..", ".", "", "pool", "outside", "link", "in", "sub", "loop", "fifo", "linked.vhdx"];
    const files = ["base.vhdx", "secret.vhdx", "pool-secret.vhdx", "child.avhdx", "text"];
    const anyWay = way(
      fc
        .tuple(fc.array(fc.constantFrom(...names), { maxLength: 4 }), fc.constantFrom(...files))
        .map(([before, file]) => [...before, file]),
    );
    const anyPath = fc.oneof(
      anyWay,
      anyWay.map((text) => `${path(".")}/${text}`),
      anyWay.map((text) => `${path(".")}/${text}`.replaceAll("/", "\\")),
      fc.string(),
    );
    const anyLocator = fc.record({ relativePath: anyPath, volumePath: anyPath, absolutePath: anyPath });

    async function staysInside(locator: Partial<ParentLocator>): Promise<void> {
      const name = await resolve(locator);
      if (name === undefined) return;
      expect([path("pool/base.vhdx"), path("pool/text")]).to.include(name);
      expect(await realpath(name)).to.equal(name);
    }

    it("never leaves its directories, whatever a locator says", async () => {
      await fc.assert(fc.asyncProperty(anyLocator, staysInside), { numRuns: 500 });
    });

    it("never leaves them where a locator's way leads to a file outside, which is the parent", async () => {
      const out = wayTo("../outside/secret.vhdx", "../pool-secret.vhdx", "link/secret.vhdx", "linked.vhdx");
      const leadsOut = fc.oneof(
        fc.tuple(anyLocator, out.relative).map(([any, relativePath]) => ({ ...any, relativePath })),
        fc.tuple(anyLocator, out.absolute).map(([any, absolutePath]) => ({ ...any, absolutePath })),
      );
      await fc.assert(
        fc.asyncProperty(leadsOut, async (locator) => {
          const candidates = parentCandidates(path("pool"), { linkage, ...locator });
          const places = await Promise.all(candidates.map((each) => realpath(each).catch(() => "")));
          expect(
            places.some((place) => place.endsWith("secret.vhdx")),
            "the way leads out",
          ).to.equal(true);
          await staysInside(locator);
        }),
        { numRuns: 300 },
      );
    });

    it("finds the parent by each way to it", async () => {
      const inside = wayTo("base.vhdx");
      const leadsIn = fc.oneof(
        inside.relative.map((relativePath) => ({ relativePath })),
        inside.absolute.map((absolutePath) => ({ absolutePath })),
      );
      await fc.assert(
        fc.asyncProperty(leadsIn, async (locator) => {
          expect(await resolve(locator)).to.equal(path("pool/base.vhdx"));
        }),
        { numRuns: 200 },
      );
    });
  });

  it("passes over a file that is not the parent for one that is", async () => {
    expect(await resolve({ relativePath: ".\\other.vhdx", absolutePath: path("pool/base.vhdx") })).to.equal(
      path("pool/base.vhdx"),
    );
    const none = { relativePath: ".\\other.vhdx", absolutePath: path("pool/second.vhdx") };
    const strange = { ...none, linkage: randomGuid() };
    expect(await resolve(strange), "the opener says why it won't do").to.equal(path("pool/other.vhdx"));
  });

  it("takes the parent of a merge that was cut off", async () => {
    const locator = { linkage: randomGuid(), linkage2: linkage, relativePath: ".\\other.vhdx" };
    expect(await resolve({ ...locator, absolutePath: path("pool/base.vhdx") })).to.equal(
      path("pool/base.vhdx"),
    );
  });

  it("does not take a child for its own parent, by whatever name", async () => {
    await link(path("pool/child.avhdx"), path("pool/again.avhdx"));
    await symlink("child.avhdx", path("pool/alias.avhdx"));
    for (const name of ["child", "again", "alias"]) {
      expect(await resolve({ relativePath: `.\\${name}.avhdx` }), name).to.equal(undefined);
    }
  });

  it("finds nothing in what is no file, and does not wait for it", async () => {
    for (const name of ["fifo", ".", "missing.vhdx", "loop", "text\\base", "a\0b"]) {
      expect(await resolve({ relativePath: `.\\${name}` }), name).to.equal(undefined);
    }
  });

  it("leaves no file open that it does not hand out", async function () {
    if (process.platform !== "linux") this.skip();
    const openFiles = async () => {
      const links = (await readdir("/proc/self/fd")).map((name) => readlink(`/proc/self/fd/${name}`));
      const targets = await Promise.allSettled(links);
      return targets.filter((each) => each.status === "fulfilled" && each.value.startsWith(path("."))).length;
    };
    const others = { relativePath: ".\\other.vhdx", absolutePath: path("pool/second.vhdx") };
    await resolve({ ...others, linkage: randomGuid() });
    await resolve({ relativePath: ".\\other.vhdx", absolutePath: path("pool/base.vhdx") });
    expect(await openFiles()).to.equal(0);
  });
});

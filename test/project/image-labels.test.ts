import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";

const project = join(import.meta.dirname, "../..");
const dockerfile = await readFile(join(project, "Dockerfile"), "utf8");
const manifest = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as Record<string, string>;

/** The labels of https://specs.opencontainers.org/image-spec/annotations/ that the Dockerfile sets. */
const labels = new Map(
  [...dockerfile.matchAll(/org\.opencontainers\.image\.([a-z.]+)="([^"]*)"/g)].map(
    ([, name = "", value = ""]) => [name, value] as const,
  ),
);

describe("the labels of the image", () => {
  it("say what package.json says", () => {
    expect(Object.fromEntries(labels)).to.deep.include({
      title: manifest["name"],
      description: manifest["description"],
      version: manifest["version"],
      licenses: manifest["license"],
    });
  });

  it("name the image that it is made on", () => {
    const [, base] = /^FROM (\S+)$/m.exec(dockerfile) ?? [];
    expect(labels.get("base.name")).to.equal(`docker.io/library/${base}`);
  });
});

describe("the Dockerfile", () => {
  it("makes the list of what the program is made of, and carries it with the licences", () => {
    const [build = "", image = ""] = dockerfile.split(/^FROM /m).slice(1);
    expect(build).to.match(/^RUN .*npm run build.*npm run sbom/m);
    for (const name of ["LICENSE", "dist/THIRD-PARTY-NOTICES", "dist/hyperv-csi.cdx.json"]) {
      expect(image, name).to.match(new RegExp(`^COPY --from=build .*/src/${name} `, "m"));
    }
  });
});

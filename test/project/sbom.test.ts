import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { makeSbom, type Sbom } from "../../scripts/sbom.ts";
import { version } from "../../src/kit/version.ts";

const project = join(import.meta.dirname, "../..");
const json = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(project, name), "utf8"));

interface Locked {
  readonly version: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

describe("the list of what the program is made of", () => {
  let sbom: Sbom;
  let named: Set<string>;
  let locked: [string, Locked][];

  before(async () => {
    sbom = await makeSbom();
    named = new Set(sbom.components.map((each) => `${each.name}@${each.version}`));
    const { packages } = (await json("package-lock.json")) as { packages: Record<string, Locked> };
    locked = Object.entries(packages).flatMap(([path, each]) =>
      path === "" ? [] : [[path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length), each]],
    );
  });

  it("is CycloneDX, of this product and version", () => {
    expect([sbom.bomFormat, sbom.specVersion]).to.deep.equal(["CycloneDX", "1.5"]);
    expect(sbom.metadata.component).to.include({ name: "csi-driver-hyperv", version });
  });

  it("names every dependency of package.json, and every package that these bring", async () => {
    const { dependencies, optionalDependencies } = (await json("package.json")) as Record<string, object>;
    const direct = Object.keys({ ...dependencies, ...optionalDependencies });
    expect(sbom.components.map(({ name }) => name)).to.include.members(direct);
    const production = locked.filter(([, each]) => each.dev !== true && each.devOptional !== true);
    expect(production.length).to.be.greaterThan(direct.length);
    for (const [name, each] of production) expect(named, name).to.include(`${name}@${each.version}`);
  });

  it("names nothing that only development needs", () => {
    const production = new Set(
      locked.filter(([, each]) => each.dev !== true).map(([name, each]) => `${name}@${each.version}`),
    );
    for (const name of named) expect(production, name).to.include(name);
    expect([...named].filter((name) => /^(mocha|esbuild|typescript)@/.test(name))).to.deep.equal([]);
  });

  it("tells what depends on what, of these alone", () => {
    const refs = new Set(sbom.components.map((each) => each["bom-ref"]));
    const own = sbom.dependencies.find(({ ref }) => !refs.has(ref));
    expect(own?.ref).to.equal(`csi-driver-hyperv@${version}`);
    expect(sbom.dependencies).to.have.lengthOf(refs.size + 1);
    expect(own?.dependsOn.map((ref) => ref.replace(/@[^@]+$/, ""))).to.include.members(["yaml", "fastify"]);
    for (const { dependsOn } of sbom.dependencies) for (const ref of dependsOn) expect(refs).to.include(ref);
  });

  it("tells each package's address, by which it is looked up", () => {
    for (const { name, purl } of sbom.components) expect(purl, name).to.match(/^pkg:npm\/.+@.+$/);
  });
});

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";

const project = join(import.meta.dirname, "..");

/** Where the list is put. */
export const sbomPath = join(project, "dist", "hyperv-csi.cdx.json");

/** What is read of a list in CycloneDX 1.5, https://cyclonedx.org/docs/1.5/json. */
export interface Sbom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}

interface Lockfile {
  readonly name: string;
  readonly packages: Readonly<Record<string, { readonly version: string; readonly dev?: boolean }>>;
}

/** All packages that the program is made of, as the lockfile has them. */
export async function makeSbom(): Promise<Sbom> {
  const listed = ["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application", "--package-lock-only"];
  const { stdout } = await execa("npm", listed, { cwd: project });
  const sbom = JSON.parse(stdout) as Sbom;
  const { name, packages } = JSON.parse(
    await readFile(join(project, "package-lock.json"), "utf8"),
  ) as Lockfile;
  // npm's --omit dev drops each package that is also a development dependency of anything, such as the parser of YAML.
  const needed = new Set(
    Object.entries(packages)
      .filter(([, { dev }]) => dev !== true)
      .map(([path, { version }]) => `${nameIn(path)}@${version}`),
  );
  const components = sbom.components.filter((each) => needed.has(`${each.name}@${each.version}`));
  const { component } = sbom.metadata;
  const refs = new Set([`${name}@${component.version}`, ...components.map((each) => each["bom-ref"])]);
  const dependencies = sbom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) }));
  // npm calls the product as its directory is called.
  return {
    ...sbom,
    metadata: { ...sbom.metadata, component: { ...component, name } },
    components,
    dependencies,
  };
}

/** The name of a package by its path in a lockfile; "" is the project's own. */
function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
}

if (import.meta.main) {
  await mkdir(dirname(sbomPath), { recursive: true });
  await writeFile(sbomPath, `${JSON.stringify(await makeSbom(), null, 2)}\n`);
  process.stdout.write(`${sbomPath}\n`);
}

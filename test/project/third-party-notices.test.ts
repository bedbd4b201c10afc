import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { buildBundle } from "../../scripts/build.ts";
import { bundledPackages, thirdPartyNotices } from "../../scripts/third-party-notices.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

const project = join(import.meta.dirname, "../..");

describe("licences of what the bundle holds", () => {
  const scratch = scratchDirectory();
  let packages: readonly string[];
  let notices: string;

  before(async () => {
    packages = await buildBundle(scratch("built.mjs"));
    notices = await thirdPartyNotices(packages);
  });

  it("name each dependency of the program that its code comes from", async () => {
    const { dependencies } = JSON.parse(await readFile(join(project, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    // This one gives types alone, which no bundle holds.
    const code = Object.keys(dependencies).filter((name) => name !== "@fastify/type-provider-typebox");
    expect(packages).to.include.members(code.map((name) => `node_modules/${name}`));
    for (const name of code) expect(notices).to.match(new RegExp(`^${name} \\d`, "m"));
  });

  it("name what is no part of the code: the library for calls of the system, and the page of the API", () => {
    for (const name of ["koffi", "@fastify/swagger-ui", "swagger-ui"])
      expect(notices).to.contain(`\n${name} `);
  });

  it("have a text for each package, the package's own where it has one", async () => {
    const parts = notices.split(`\n${"=".repeat(79)}\n`).slice(1);
    expect(parts.length).to.be.greaterThan(packages.length - 10);
    for (const part of parts) {
      const [title = "", ...text] = part.split("\n");
      expect(text.join("\n").length, title).to.be.greaterThan(400);
    }
    expect(notices).to.contain(
      (await readFile(join(project, "node_modules/fastify/LICENSE"), "utf8")).trim(),
    );
    expect(notices).to.contain("Copyright (c) James Sumners");
  });

  it("leave out what the bundler left out", () => {
    const input = (bytesInOutput: number) => ({ bytesInOutput });
    const packages = bundledPackages({
      inputs: {},
      outputs: {
        "out.mjs": {
          bytes: 1,
          imports: [],
          exports: [],
          inputs: {
            "src/main.ts": input(5),
            "node_modules/kept/index.js": input(1),
            "node_modules/@scope/kept/a/b.js": input(1),
            "node_modules/kept/node_modules/nested/index.js": input(1),
            "node_modules/shaken/index.js": input(0),
          },
        },
      },
    });
    expect(packages).to.include.members([
      "node_modules/kept",
      "node_modules/@scope/kept",
      "node_modules/kept/node_modules/nested",
    ]);
    expect(packages).not.to.include("node_modules/shaken");
    expect(packages).not.to.include("src");
  });
});

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { configKeys } from "../../src/commands/agent/effective-config.ts";
import { longName } from "../../src/commands/agent/flags.ts";
import { restAgent } from "../agent/rest/fixture.ts";

const page = (name: string) => readFile(join(import.meta.dirname, "../../docs/reference", name), "utf8");

const source = join(import.meta.dirname, "../../src");
const namesIn = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name = ""]) => name);

describe("reference pages", () => {
  const rest = restAgent();

  it("name every setting of the agent, as key and as option", async () => {
    const text = await page("agent-configuration.md");
    for (const key of configKeys) {
      expect(text).to.contain(`\`${key}\``);
      expect(text).to.contain(`\`--${longName(key)}`);
    }
  });

  it("name every metric once", async () => {
    const rows = namesIn(await page("metrics.md"), /^\| `(hyperv_csi_\w+)`/gm);
    expect(rows).to.have.members([...new Set(rows)]);
    const files = (await readdir(source, { recursive: true })).filter((name) => name.endsWith(".ts"));
    const texts = await Promise.all(files.map((name) => readFile(join(source, name), "utf8")));
    const made = texts.flatMap((text) => namesIn(text, /"(hyperv_csi_\w*\w)"/g));
    expect(rows).to.have.members([...new Set(made)].filter((name) => !name.endsWith("_")));
    const { text: served } = await rest.send("GET", "/metrics");
    expect(rows).to.include.members(namesIn(served, /^# TYPE (hyperv_csi_(?:agent|rpc)_\w+)/gm));
  });

  it("name every route of both APIs", async () => {
    const { json } = await rest.send("GET", "/openapi.json");
    const pages = { own: await page("volume-service-api.md"), v1: await page("volumes-api-v1.md") };
    for (const path of Object.keys((json as { paths: object }).paths)) {
      const text = path.startsWith("/v1/") ? pages.v1 : pages.own;
      const spelled = path.replaceAll(/\{(\w+)\}/g, ":$1");
      // The v1 page writes `<uuid>` where the schema has a parameter.
      const named = text.includes(spelled) || text.includes(path.replaceAll(/\{\w+\}/g, "<uuid>"));
      if (!/^\/(healthz|readyz|metrics)$/.test(path)) expect(named, path).to.equal(true);
    }
  });
});

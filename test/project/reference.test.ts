import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { configKeys } from "../../src/commands/agent/effective-config.ts";
import { longName } from "../../src/commands/agent/flags.ts";
import { restAgent } from "../agent/rest/fixture.ts";

const page = (name: string) => readFile(join(import.meta.dirname, "../../docs/reference", name), "utf8");

describe("reference pages", () => {
  const rest = restAgent();

  it("name every setting of the agent, as key and as option", async () => {
    const text = await page("agent-configuration.md");
    for (const key of configKeys) {
      expect(text).to.contain(`\`${key}\``);
      expect(text).to.contain(`\`--${longName(key)}`);
    }
  });

  it("name every metric of the agent", async () => {
    const text = await page("metrics.md");
    const { text: metrics } = await rest.send("GET", "/metrics");
    const own = [...metrics.matchAll(/^# TYPE (hyperv_csi_(?:agent|rpc)_\w+)/gm)].map(
      ([, name]) => name ?? "",
    );
    expect(own.length).to.be.greaterThan(5);
    for (const name of own) expect(text).to.contain(`\`${name}\``);
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

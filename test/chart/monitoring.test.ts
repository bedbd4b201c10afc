import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { chart, manifestsOf, needsHelm, renderChart } from "./helm.ts";

const here = import.meta.dirname;

describe("monitoring by the Helm chart", function () {
  this.timeout(600_000);
  before(needsHelm);

  it("tells of pods that are down by the jobs of its own PodMonitors", async () => {
    const rendered = await renderChart(
      ...["--values", join(here, "values/full.yaml"), "--set", "nameOverride=disks"],
    );
    const manifests = manifestsOf(rendered);
    const jobs = manifests
      .filter(({ kind }) => kind === "PodMonitor")
      .map(({ metadata }) => `${(metadata as { namespace?: string }).namespace}/${metadata.name}`);
    expect(jobs).to.have.length(3);
    const rule = manifests.find(({ kind }) => kind === "PrometheusRule") as unknown as {
      spec: { groups: { rules: { alert: string; expr: string }[] }[] };
    };
    const { expr } = rule.spec.groups[0]!.rules.find(({ alert }) => alert === "HypervCsiPodDown")!;
    const [, pattern = ""] = /up\{job=~"([^"]+)"\}/.exec(expr) ?? [];
    const matches = (job: string) => new RegExp(`^(?:${pattern})$`).test(job);
    for (const job of jobs) expect(matches(job), job).to.equal(true);
    expect(matches("hyperv-csi/others-node")).to.equal(false);
    expect(rendered).not.to.contain("$(jobs)");
  });

  it("asks only for metrics that there are", async () => {
    const page = await readFile(join(here, "../../docs/reference/metrics.md"), "utf8");
    const texts = await Promise.all(
      ["alerts.yaml", "dashboard.json"].map((name) => readFile(join(chart, "files", name), "utf8")),
    );
    const names = texts.flatMap((text) => text.match(/hyperv_csi_\w+/g) ?? []);
    expect(names.length).to.be.greaterThan(10);
    const own = names.map((name) => name.replace(/_(bucket|count|sum)$/, ""));
    for (const name of own.filter((each) => !each.startsWith("hyperv_csi_process_"))) {
      expect(page).to.contain(`\`${name}\``);
    }
  });

  it("draws each metric of a panel: `or` would hide the second where both have the same labels", async () => {
    const text = await readFile(join(chart, "files/dashboard.json"), "utf8");
    const { panels } = JSON.parse(text) as { panels: { title: string; targets: { expr: string }[] }[] };
    expect(panels.length).to.be.greaterThan(5);
    for (const { title, targets } of panels) {
      for (const { expr } of targets) expect(expr, title).not.to.match(/ or /);
    }
  });
});

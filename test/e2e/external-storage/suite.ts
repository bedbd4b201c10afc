import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { writePage, pages } from "../../../scripts/generate/pages.ts";
import { externalStoragePage } from "../../../scripts/generate/external-storage.ts";
import { step } from "../machine/step.ts";
import { theRig } from "../rig.ts";
import { logsIn } from "../start-rig.ts";
import { suiteVersion } from "./build.ts";
import { runGinkgo } from "./ginkgo.ts";
import { makeSuiteImages } from "./images.ts";
import { merge, resultsIn, type SpecReport } from "./report.ts";
import { keepResults, readResults } from "./results-file.ts";

/** `EXTERNAL_STORAGE=snapshottable` runs the tests whose names match, and puts their results in the places of earlier ones. */
const chosen = process.env["EXTERNAL_STORAGE"];

describe("Kubernetes' own storage tests", function () {
  this.timeout(0);

  it("pass on this driver, and each that does not run has its reason", async () => {
    const { kubectl, nodes, directory } = theRig();
    const own = join(directory, "external-storage");
    await mkdir(own);
    await step("images of the suite", async () => {
      for (const archive of await makeSuiteImages(own)) {
        for (const node of nodes)
          await node.inside(["ctr", "--namespace", "k8s.io", "images", "import", archive]);
      }
    });
    const focus = `External.Storage.*${chosen ?? ""}`;
    const logs = logsIn(directory);
    const report = await step("the suite", () =>
      runGinkgo({ kubeconfig: kubectl.kubeconfig, focus, directory: logs }),
    );
    const [suite] = JSON.parse(await readFile(report, "utf8")) as { SpecReports: SpecReport[] }[];
    const results = resultsIn(suite?.SpecReports ?? [], new RegExp(chosen ?? ""));
    const whole = chosen === undefined && results.every(({ state }) => state !== "not reached");
    const tests = whole ? results : merge((await readResults()).tests, results);
    const date = new Date().toISOString().slice(0, 10);
    await keepResults({ date, kubernetes: await suiteVersion(), tests });
    for (const page of pages) if (page.make === externalStoragePage) await writePage(page);
    expect(results.filter(({ state }) => state === "passed")).to.not.be.empty;
    expect(results.filter(({ state }) => state === "failed" || state === "not reached")).to.deep.equal([]);
  });
});

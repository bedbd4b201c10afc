import { expect } from "chai";
import { stringify } from "yaml";
import { manifestsOf, renderChart } from "../../chart/helm.ts";
import { namespace } from "../driver/install.ts";
import { theRig } from "../rig.ts";

describe("objects of the chart", () => {
  it("are as the API server's own schemas say, field by field", async () => {
    const { kubectl, values } = theRig();
    const objects = manifestsOf(await renderChart("--skip-tests", "--values", values)).filter(Boolean);
    expect(objects.length).to.be.greaterThan(15);
    for (const object of objects) {
      const dryRun = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict"];
      const { exitCode, stderr } = await kubectl.try(
        [...dryRun, "--namespace", namespace, "--filename=-"],
        stringify(object),
      );
      expect(exitCode, `${object.kind} ${object.metadata.name}: ${stderr}`).to.equal(0);
    }
  });
});

import { expect } from "chai";
import { until } from "./cluster/until.ts";
import { testCall } from "../support/agent.ts";
import { loopsBelow } from "../support/scratch-directory.ts";
import { namespace } from "./driver/install.ts";
import { theRig } from "./rig.ts";

describe("after all scenarios", () => {
  it("no volume, attachment, mount or loop device is left", async () => {
    const { kubectl, agent, nodes } = theRig();
    const left = async () => {
      const found: string[] = [];
      for (const kind of ["persistentvolumes", "volumeattachments", "volumesnapshotcontents"])
        found.push(...(await kubectl.list(kind)).map(({ metadata }) => `${kind}/${metadata.name}`));
      for (const node of nodes) {
        const table = await node.inside(["cat", "/proc/self/mountinfo"]);
        found.push(
          ...table.split("\n").filter((line) => line.includes(" /dev/loop") && line.includes("kubelet")),
        );
      }
      return [...found, ...loopsBelow(agent.pool)];
    };
    let last: string[] = [];
    await until("all is gone", async () => {
      last = await left();
      return last.length === 0 ? true : undefined;
    }).catch(() => undefined);
    expect(last).to.deep.equal([]);
    const { volumes } = await agent.client.listVolumes(0, "", testCall());
    expect(volumes).to.deep.equal([]);
  });

  it("no log has the key of the agent", async () => {
    const { kubectl, agent, processes } = theRig();
    const pods = await kubectl.list("pods", "--namespace", namespace);
    expect(pods).to.not.be.empty;
    for (const { metadata } of pods) {
      const asked = ["--namespace", namespace, "logs", metadata.name, "--all-containers"];
      const said = await kubectl.run(asked);
      expect(said).to.contain("hyperv");
      // Only a container that ended has earlier logs.
      const earlier = await kubectl.try([...asked, "--previous"]);
      expect(said.includes(agent.key) || earlier.stdout.includes(agent.key), metadata.name).to.equal(false);
    }
    for (const name of ["agent", "kube-apiserver", "kube-controller-manager"])
      expect((await processes.output(name)).includes(agent.key), name).to.equal(false);
  });
});

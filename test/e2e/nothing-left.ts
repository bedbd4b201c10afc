import { expect } from "chai";
import { until } from "./cluster/until.ts";
import { testCall } from "../support/agent.ts";
import { loopsBelow } from "../support/scratch-directory.ts";
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
});

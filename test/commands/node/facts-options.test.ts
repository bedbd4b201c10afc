import { expect } from "chai";
import { Command } from "commander";
import {
  factsOptions,
  readSettledFacts,
  type FactsOptions,
} from "../../../src/commands/node/facts-options.ts";

const VM = "11111111-2222-4333-8444-AAAAAAAAAAAA";

describe("what flags settle of a node", () => {
  const read = (...args: string[]) => {
    const command = new Command();
    for (const option of factsOptions()) command.addOption(option);
    return readSettledFacts(command.parse(args, { from: "user" }).opts<FactsOptions>());
  };

  it("is nothing where there are none: all is learnt from Hyper-V", () => {
    expect(read()).to.deep.equal({
      nodeId: undefined,
      group: undefined,
      maxVolumes: undefined,
      reservedVolumes: 0,
      kubeletDirectory: "/var/lib/kubelet",
    });
  });

  it("is what they say, with the id in lower case", () => {
    const counts = ["--max-volumes", "40", "--reserved-volume-attachments", "3"];
    expect(
      read("--node-id", VM, "--group", "east", ...counts, "--kubelet-dir", "/data/kubelet/"),
    ).to.deep.equal({
      nodeId: VM.toLowerCase(),
      group: "east",
      maxVolumes: 40,
      reservedVolumes: 3,
      kubeletDirectory: "/data/kubelet",
    });
  });

  it("is refused when it can't be one", () => {
    const wrong = [
      ["--node-id", "worker-1"],
      ["--group", "East_1"],
      ["--max-volumes", "0"],
      ["--max-volumes", "1e3"],
      ["--reserved-volume-attachments", "-1"],
      ["--reserved-volume-attachments", "two"],
    ] as const;
    for (const [flag, value] of wrong) expect(() => read(flag, value), flag).to.throw(`${flag} ${value}`);
  });
});

import { expect } from "chai";
import { stubAgent } from "./stub-agent.ts";

describe("operator's commands, bad usage", () => {
  const rig = stubAgent();

  const misuses: readonly (readonly [RegExp, ...string[]])[] = [
    [/^Usage: hyperv-csi volume /, "volume"],
    [/^Usage: hyperv-csi snapshot group /, "snapshot", "group"],
    [/unknown command 'lst'\n\(Did you mean one of list, ls\?\)/, "volume", "lst"],
    [/unknown option '--wide'/, "volume", "list", "--wide"],
    [/unknown option '-x'/, "volume", "get", "-x"],
    [/missing required argument 'volume'/, "volume", "get"],
    [/missing required argument 'volume'/, "volume", "delete"],
    [/missing required argument 'size'/, "volume", "expand", "a"],
    [/missing required argument 'volume'/, "snapshot", "group", "create", "a"],
    [/too many arguments for 'get'/, "volume", "get", "a", "b"],
    [/Allowed choices are table, wide, json, yaml/, "vm", "list", "-o", "xml"],
    [/Allowed choices are table, json/, "snapshot", "blocks", "a", "-o", "yaml"],
    [/Allowed choices are fixed, dynamic/, "volume", "create", "a", "--type", "differencing"],
    [/'--size <size>' argument '1.5Gi' is invalid.*512M, 10GiB/, "volume", "create", "a", "--size", "1.5Gi"],
    [/'--size <size>' argument '0' is invalid/, "volume", "create", "a", "--size", "0"],
    [/'ten' is invalid for argument 'size'.*512M, 10GiB/, "volume", "expand", "a", "ten"],
    [
      /'--label <key=value>' argument 'x' is invalid. It is KEY=VALUE/,
      "volume",
      "modify",
      "a",
      "--label",
      "x",
    ],
    [/'--attribute <key=value>' argument '=x'/, "volume", "create", "a", "--attribute", "=x"],
    [/--agent-url nowhere is not an address such as https:/, "doctor", "--agent-url", "nowhere"],
    [/--agent-url and --profile both name an agent/, "capacity", "--agent-url", "http://x", "--profile", "y"],
  ];
  for (const [message, ...args] of misuses) {
    it(`ends with code 2 and asks no agent: ${args.join(" ")}`, async () => {
      const { exitCode, stdout, stderr } = await rig.run(...args);
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 2, stdout: "" });
      expect(stderr).to.match(message);
      expect(rig.stub.seen).to.deep.equal([]);
    });
  }

  it("is none to ask for help", async () => {
    for (const args of [
      ["volume", "--help"],
      ["volume", "help", "create"],
      ["snapshot", "group", "get", "-h"],
    ]) {
      const { exitCode, stdout, stderr } = await rig.run(...args);
      expect({ exitCode, stderr }).to.deep.equal({ exitCode: 0, stderr: "" });
      expect(stdout).to.match(/^Usage: hyperv-csi [^]*Exit codes: 0 done[^]*Examples:/);
    }
  });
});

import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { testCall } from "../../support/agent.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { operatorRig } from "../operator/program.ts";

describe("hyperv-csi volume delete", () => {
  const rig = operatorRig();
  const ids: Record<string, string> = {};
  beforeEach(async () => {
    for (const name of ["a", "b", "c"]) {
      const { id } = await rig.agent.client.createVolume(name, { size: 8n * MiB }, testCall());
      ids[name] = id;
    }
  });
  const names = async () =>
    ((await rig.json("volume", "list")) as { name: string }[]).map(({ name }) => name);

  it("deletes several, by any name, once each", async () => {
    const { a = "", b = "" } = ids;
    expect(await rig.output("volume", "delete", "a", b, `local/${b}`, a)).to.equal(
      `deleted a\ndeleted ${b}\n`,
    );
    expect(await names()).to.deep.equal(["c"]);
    expect(await rig.output("volume", "rm", "c")).to.equal("deleted c\n");
  });

  it("deletes nothing when one is mistyped", async () => {
    expect(await rig.run("volume", "delete", "a", "bb", "c")).to.deep.equal({
      exitCode: 1,
      stdout: "",
      stderr: 'hyperv-csi volume: volume "bb" does not exist\n',
    });
    expect(await names()).to.deep.equal(["a", "b", "c"]);
  });

  it("takes what does not exist as deleted when asked to", async () => {
    expect(await rig.output("volume", "delete", "--ignore-not-found", "bb", "a")).to.equal("deleted a\n");
    expect(await rig.output("volume", "delete", "--ignore-not-found", "bb")).to.equal("");
    expect(await names()).to.deep.equal(["b", "c"]);
  });

  it("goes on after one that can't be deleted, and fails", async () => {
    await rig.agent.client.attach(fakeVm(1).id, ids["a"] ?? "", false, testCall());
    await rig.output("volume", "modify", "b", "--attribute", "deleteProtection=true");
    const { exitCode, stdout, stderr } = await rig.run("volume", "delete", "a", "b", "c");
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: "deleted c\n" });
    expect(stderr).to.match(
      /^hyperv-csi volume: .* is attached to VM .*; detach it first\nhyperv-csi volume: .* is protected: .*\n$/,
    );
    expect(await names()).to.deep.equal(["a", "b"]);
  });
});

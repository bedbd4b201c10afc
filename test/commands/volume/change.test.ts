import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { testCall } from "../../support/agent.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { operatorRig } from "../operator/program.ts";

describe("hyperv-csi volume create, clone, expand and modify", () => {
  const rig = operatorRig();

  it("make a volume of a size in any spelling, and find it again", async () => {
    const made = await rig.json("volume", "create", "a", "--size", "8Mi", "--label", "k=v", "--label", "e=");
    expect(made).to.include({ name: "a", size: 8_388_608, pool: "default" });
    expect(made).to.deep.include({ labels: { k: "v", e: "" }, attributes: {}, vms: [] });
    const again = ["volume", "create", "a", "--size", "8192KiB", "--label=e=", "--label=k=v"];
    expect(await rig.json(...again)).to.deep.equal(made);
    const other = await rig.run("volume", "create", "a", "--size", "9M");
    expect(other).to.include({ exitCode: 1, stdout: "" });
    expect(other.stderr).to.match(/^hyperv-csi volume: volume a exists with 8388608 bytes; .*\n$/);
  });

  it("take a pool, a type and attributes", async () => {
    const shape = ["--pool", "default", "--type", "fixed", "--attribute", "deleteProtection=true"];
    const made = await rig.json("volume", "create", "--size", "8M", ...shape, "b");
    expect(made).to.deep.include({ type: "fixed", attributes: { deleteProtection: "true" } });
    const refusals: readonly (readonly [RegExp, ...string[]])[] = [
      [/no pool "x"/, "--pool", "x"],
      [/dynamic/, "--type", "dynamic"],
      [/no attribute "speed"; there are: deleteProtection/, "--attribute", "speed=9"],
      [/maximumIops can't be "fast"/, "--attribute", "maximumIops=fast"],
    ];
    for (const [message, ...options] of refusals) {
      const { exitCode, stderr } = await rig.run("volume", "create", "c", "--size", "8M", ...options);
      expect(exitCode, options.join(" ")).to.equal(1);
      expect(stderr).to.match(message);
    }
  });

  it("say which size is missing, and that a pool is full", async () => {
    const none = await rig.run("volume", "create", "c");
    expect(none).to.include({ exitCode: 2, stdout: "" });
    expect(none.stderr).to.match(/^hyperv-csi volume: --size is missing; .*--from-snapshot/);
    rig.agent.freeBytes = 1n * MiB;
    try {
      const full = await rig.run("volume", "create", "c", "--size", "1Gi");
      expect(full.exitCode).to.equal(1);
      expect(full.stderr).to.match(/default/);
    } finally {
      rig.agent.freeBytes = undefined;
    }
  });

  it("copy a volume and a snapshot", async () => {
    const source = (await rig.json("volume", "create", "golden", "--size", "8Mi")) as { id: string };
    const clone = await rig.json("volume", "clone", "golden", "web-1", "--label", "from=golden");
    expect(clone).to.deep.include({ size: 8_388_608, source: { kind: "volume", id: source.id } });
    expect(await rig.json("volume", "clone", source.id, "web-2", "--size", "16Mi")).to.include({
      size: 16_777_216,
    });
    const snapshot = await rig.agent.client.createSnapshot("monday", source.id, {}, testCall());
    for (const [index, name] of ["monday", snapshot.id, `g/${snapshot.id}`].entries()) {
      const restored = await rig.json("volume", "create", `restored-${index}`, "--from-snapshot", name);
      expect(restored).to.deep.include({ source: { kind: "snapshot", id: snapshot.id }, size: 8_388_608 });
    }
    const { exitCode, stderr } = await rig.run("volume", "clone", "nosuch", "x");
    expect(exitCode).to.equal(1);
    expect(stderr).to.equal('hyperv-csi volume: volume "nosuch" does not exist\n');
  });

  it("make a volume larger, never smaller", async () => {
    await rig.output("volume", "create", "grows", "--size", "8Mi");
    expect(await rig.output("volume", "expand", "grows", "16Mi")).to.equal("grows has 16 MiB\n");
    expect(await rig.output("volume", "expand", "grows", "16MiB")).to.equal("grows has 16 MiB already\n");
    expect(await rig.output("volume", "expand", "grows", "1M")).to.equal("grows has 16 MiB already\n");
    expect(await rig.json("volume", "get", "grows")).to.include({ size: 16_777_216 });
    const large = await rig.run("volume", "expand", "grows", "65T");
    expect(large.exitCode).to.equal(1);
    expect(large.stderr).to.match(/64 TiB/);
  });

  it("expand a volume that a VM has, and show it as attached after a change", async () => {
    const made = (await rig.json("volume", "create", "used", "--size", "8Mi")) as { id: string };
    await rig.agent.client.attach(fakeVm(2).id, made.id, false, testCall());
    expect(await rig.output("volume", "expand", "used", "10Mi")).to.equal("used has 10 MiB\n");
    expect(await rig.json("volume", "modify", "used", "--label", "a=b")).to.deep.include({
      vms: [fakeVm(2).id],
    });
    expect(await rig.output("volume", "modify", "used", "--label", "a=b")).to.match(/ Attached /);
  });

  it("set and remove labels and set attributes", async () => {
    await rig.output("volume", "create", "m", "--size", "8Mi", "--label", "old=1", "--label", "stays=2");
    const change = ["--unlabel", "old", "--label", "new==x=", "--attribute", "maximumIops=7"];
    expect(await rig.json("volume", "modify", "m", ...change)).to.deep.include({
      labels: { stays: "2", new: "=x=" },
      attributes: { maximumIops: "7" },
    });
  });

  it("refuse a change of nothing, or of a label in two ways", async () => {
    const { id, labels } = await rig.agent.client.createVolume("n", { size: 8n * MiB }, testCall());
    for (const [message, ...options] of [
      ["nothing is to change: add --label, --unlabel or --attribute"],
      ["label x can't be both set and removed", "--label", "x=1", "--unlabel", "x"],
    ] as const) {
      expect(await rig.run("volume", "modify", "n", ...options)).to.deep.equal({
        exitCode: 2,
        stdout: "",
        stderr: `hyperv-csi volume: ${message}\n`,
      });
    }
    expect(await rig.agent.client.getVolume(id, testCall())).to.deep.include({ labels });
  });

  it("take names that look like options, and any language", async () => {
    for (const name of ["-x", "--size", "Grüße 日本 🙂"]) {
      await rig.output("volume", "create", "--size", "8Mi", "--", name);
      const json = await rig.output("volume", "get", "-o", "json", "--", name);
      expect(JSON.parse(json)).to.include({ name });
      expect(await rig.output("volume", "delete", "--", name)).to.equal(`deleted ${name}\n`);
    }
  });
});

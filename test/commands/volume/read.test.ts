import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { MiB } from "../../../src/kit/sizes.ts";
import { testCall } from "../../support/agent.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { cells, operatorRig } from "../operator/program.ts";

describe("hyperv-csi volume list, get and health", () => {
  const rig = operatorRig();
  let id = "";
  before(async () => {
    const { client } = rig.agent;
    await client.createVolume("web", { size: 16n * MiB }, testCall());
    const labels = { team: "storage", note: "two\nlines" };
    const shape = { size: 8n * MiB, labels, attributes: { maximumIops: "500" } };
    ({ id } = await client.createVolume("db", shape, testCall()));
    await client.attach(fakeVm(1).id, id, false, testCall());
  });

  it("show volumes by name, with where they are attached", async () => {
    const rows = cells(await rig.output("volume", "list"));
    expect(rows[0]).to.deep.equal(["NAME", "ID", "SIZE", "POOL", "STATE", "AGE"]);
    expect(rows.slice(1).map(([name, , size, pool, state]) => [name, size, pool, state])).to.deep.equal([
      ["db", "8 MiB", "default", "Attached"],
      ["web", "16 MiB", "default", "Available"],
    ]);
    expect(rows[1]?.[1]).to.equal(id);
    expect(rows[1]?.[5]).to.match(/^\d+s$/);
    expect(await rig.output("volume", "ls")).to.match(/^NAME .*\ndb .*\nweb .*\n$/);
  });

  it("show more with -o wide", async () => {
    const [heading, row] = cells(await rig.output("volume", "get", "db", "-o", "wide"));
    expect(heading?.slice(6)).to.deep.equal(["VM", "TYPE", "SOURCE", "LABELS", "ATTRIBUTES", "FAULT"]);
    expect(row?.slice(6)).to.deep.equal([
      fakeVm(1).id,
      "fixed",
      "-",
      "team=storage,note=two\\u{0a}lines",
      "maximumIops=500",
      "-",
    ]);
  });

  const document = () => ({
    name: "db",
    id,
    size: 8_388_608,
    pool: "default",
    type: "fixed",
    labels: { team: "storage", note: "two\nlines" },
    attributes: { maximumIops: "500" },
    source: null,
    fault: null,
    vms: [fakeVm(1).id],
  });

  it("give a program the same document from a list and of one", async () => {
    const list = (await rig.json("volume", "list")) as { name: string; created_at: string }[];
    expect(list.map(({ name }) => name)).to.deep.equal(["db", "web"]);
    const [first] = list;
    expect(first).to.deep.equal({ ...document(), created_at: first?.created_at });
    expect(Date.parse(first?.created_at ?? "")).to.be.closeTo(Date.now(), 3_600_000);
    expect(await rig.json("volume", "get", "db")).to.deep.equal(first);
    const yaml = await rig.output("volume", "get", "db", "-o", "yaml");
    expect(parse(yaml)).to.deep.equal(first);
    expect(yaml).to.contain("  note: |-\n    two\n    lines\n");
    expect(parse(await rig.output("volume", "list", "-o", "yaml"))).to.deep.equal(list);
  });

  it("take an id in any case, a CSI handle or a name", async () => {
    for (const text of ["db", id, id.toUpperCase(), `local/${id}`, `local/${id.toUpperCase()}`]) {
      expect(await rig.json("volume", "get", text), text).to.include({ id });
    }
  });

  it("list the volumes of a pool, and refuse one that there is not", async () => {
    expect(await rig.json("volume", "list", "--pool", "default")).to.have.lengthOf(2);
    expect(await rig.run("volume", "list", "--pool", "fats")).to.deep.equal({
      exitCode: 1,
      stdout: "",
      stderr: 'hyperv-csi volume: there is no pool "fats"; there are: default\n',
    });
  });

  it("fail for what does not exist", async () => {
    for (const command of ["get", "health"]) {
      const { exitCode, stdout, stderr } = await rig.run("volume", command, "nosuch");
      expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: "" });
      expect(stderr).to.equal('hyperv-csi volume: volume "nosuch" does not exist\n');
    }
  });

  it("say what is wrong with a volume, with exit code 3", async () => {
    expect(await rig.output("volume", "health", "web")).to.equal("web is healthy\n");
    expect(await rig.json("volume", "health", "web")).to.deep.equal({ healthy: true, problems: [] });
    const broken = await rig.agent.client.createVolume("broken", { size: 8n * MiB }, testCall());
    await truncate(join(rig.agent.directory, `broken;${broken.id}.vhdx`), 4096);
    const { exitCode, stdout, stderr } = await rig.run("volume", "health", "broken");
    expect({ exitCode, stderr }).to.deep.equal({ exitCode: 3, stderr: "" });
    expect(stdout).to.match(/^PROBLEM {2}MESSAGE\ndamaged {2}/);
    const json = await rig.run("volume", "health", "broken", "-o", "json");
    expect(json.exitCode).to.equal(3);
    expect(JSON.parse(json.stdout)).to.have.nested.property("problems[0].kind", "damaged");
  });
});

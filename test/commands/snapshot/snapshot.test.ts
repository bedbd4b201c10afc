import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { testCall } from "../../support/agent.ts";
import { writeDisk } from "../../support/disk-content.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { cells, operatorRig } from "../operator/program.ts";

interface Snapshot {
  readonly id: string;
  readonly name: string;
}

describe("hyperv-csi snapshot", () => {
  const rig = operatorRig();
  let volumeId = "";
  before(async () => {
    ({ id: volumeId } = await rig.agent.client.createVolume("db", { size: 8n * MiB }, testCall()));
  });
  const list = async (...options: string[]) => (await rig.json("snapshot", "list", ...options)) as Snapshot[];
  const names = async (...options: string[]) => (await list(...options)).map(({ name }) => name);

  it("is created once, of a volume by any of its names", async () => {
    const made = (await rig.json("snapshot", "create", "db", "b-1", "--label", "keep=30d")) as Snapshot;
    expect(made).to.deep.include({
      name: "b-1",
      size: 8_388_608,
      volume: volumeId,
      pool: "default",
      group: null,
      ready_to_use: true,
      labels: { keep: "30d" },
    });
    expect(
      await rig.json("snapshot", "create", `local/${volumeId}`, "b-1", "--label", "keep=30d"),
    ).to.deep.equal(made);
    for (const text of ["b-1", made.id.toUpperCase(), `local/${made.id}`]) {
      expect(await rig.json("snapshot", "get", text), text).to.deep.equal(made);
    }
  });

  it("is listed by name, also of one volume", async () => {
    const other = await rig.agent.client.createVolume("other", { size: 8n * MiB }, testCall());
    await rig.output("snapshot", "create", "other", "a-1");
    expect(await names()).to.deep.equal(["a-1", "b-1"]);
    expect(await names("--volume", "other")).to.deep.equal(["a-1"]);
    expect(await names("--volume", volumeId)).to.deep.equal(["b-1"]);
    const [heading, row] = cells(await rig.output("snapshot", "list", "--volume", "db"));
    expect(heading).to.deep.equal(["NAME", "ID", "VOLUME", "SIZE", "AGE"]);
    expect([row?.[0], row?.[2], row?.[3]]).to.deep.equal(["b-1", volumeId, "8 MiB"]);
    const [wide, wideRow] = cells(await rig.output("snapshot", "get", "b-1", "-o", "wide"));
    expect(wide?.slice(5)).to.deep.equal(["POOL", "GROUP", "LABELS"]);
    expect(wideRow?.slice(5)).to.deep.equal(["default", "-", "keep=30d"]);

    await rig.output("volume", "delete", "other");
    expect(await names("--volume", other.id.toUpperCase())).to.deep.equal(["a-1"]);
    expect(await names("--volume", `local/${other.id}`)).to.deep.equal(["a-1"]);
    const { exitCode, stderr } = await rig.run("snapshot", "list", "--volume", "other");
    expect(exitCode).to.equal(1);
    expect(stderr).to.equal('hyperv-csi snapshot: volume "other" does not exist\n');
    expect(await rig.output("snapshot", "delete", "a-1")).to.equal("deleted a-1\n");
  });

  it("is refused of a volume in use on a host that can't, and of no volume", async () => {
    await rig.agent.client.attach(fakeVm(1).id, volumeId, false, testCall());
    const used = await rig.run("snapshot", "create", "db", "x");
    expect(used).to.include({ exitCode: 1, stdout: "" });
    expect(used.stderr).to.match(/^hyperv-csi snapshot: .*can't/);
    rig.agent.host.attachments = [];
    const none = await rig.run("snapshot", "create", "nosuch", "x");
    expect(none.stderr).to.equal('hyperv-csi snapshot: volume "nosuch" does not exist\n');
    expect(await names()).to.deep.equal(["b-1"]);
  });

  it("tells where it holds data, and where it differs from another", async () => {
    const file = join(rig.agent.directory, `db;${volumeId}.vhdx`);
    await rig.output("snapshot", "create", "db", "empty");
    await writeDisk(file, 2n * MiB, randomBytes(512));
    await writeDisk(file, 6n * MiB, randomBytes(4096));
    await rig.output("snapshot", "create", "db", "first");
    await writeDisk(file, 4n * MiB, randomBytes(512));
    await rig.output("snapshot", "create", "db", "second");
    const blocks = async (...args: string[]) =>
      (await rig.json("snapshot", "blocks", ...args)) as { offset: number; length: number }[];
    const covered = (ranges: { offset: number; length: number }[], at: number) =>
      ranges.some(({ offset, length }) => offset <= at && at < offset + length);
    const all = await blocks("first");
    expect([2, 6].map((at) => covered(all, at << 20))).to.deep.equal([true, true]);
    const changed = await blocks("second", "--base", "first");
    expect([2, 4, 6].map((at) => covered(changed, at << 20))).to.deep.equal([false, true, false]);
    expect(await blocks("first", "--base", "first")).to.deep.equal([]);
    const rows = (await rig.output("snapshot", "blocks", "second", "--base", "first")).trimEnd().split("\n");
    expect(rows.map((row) => row.trim().split(/ +/))).to.deep.equal([
      ["OFFSET", "LENGTH"],
      ...changed.map(({ offset, length }) => [String(offset), String(length)]),
    ]);
    const { exitCode, stderr } = await rig.run("snapshot", "blocks", "first", "--base", "nosuch");
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/nosuch/);
    await rig.output("snapshot", "delete", "empty", "first", "second");
  });

  it("lives on as a volume's source", async () => {
    expect(await rig.json("volume", "create", "again", "--from-snapshot", "b-1")).to.include({
      size: 8_388_608,
    });
  });
});

describe("hyperv-csi snapshot group", () => {
  const rig = operatorRig();
  const ids: string[] = [];
  before(async () => {
    for (const name of ["data", "log"]) {
      ids.push((await rig.agent.client.createVolume(name, { size: 8n * MiB }, testCall())).id);
    }
  });

  it("cuts several volumes, once, and is found by its id or name", async () => {
    const create = ["snapshot", "group", "create", "monday", "data", ids[1] ?? "", "--label", "a=b"];
    const made = (await rig.json(...create)) as { id: string; snapshots: (Snapshot & { volume: string })[] };
    expect(made).to.include({ name: "monday", ready_to_use: true });
    expect(made.snapshots.map(({ volume }) => volume)).to.have.members(ids);
    for (const snapshot of made.snapshots) {
      expect(snapshot).to.deep.include({ group: made.id, labels: { a: "b" } });
    }
    expect(await rig.json(...create)).to.deep.equal(made);
    for (const text of ["monday", made.id, `local/${made.id}`]) {
      expect(await rig.json("snapshot", "group", "get", text)).to.deep.equal(made);
    }
    expect(await rig.json("snapshot", "group", "list")).to.deep.equal([made]);
    const [heading, row] = cells(await rig.output("snapshot", "group", "ls"));
    expect(heading).to.deep.equal(["NAME", "ID", "SNAPSHOTS", "AGE"]);
    expect(row?.slice(0, 3)).to.deep.equal(["monday", made.id, "2"]);
  });

  it("keeps its snapshots until it goes itself", async () => {
    const [member] = (await rig.json("snapshot", "list")) as Snapshot[];
    const { exitCode, stdout, stderr } = await rig.run("snapshot", "delete", member?.name ?? "");
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 1, stdout: "" });
    expect(stderr).to.match(/^hyperv-csi snapshot: .*group/);
    const wrong = await rig.run("snapshot", "group", "delete", "monday", "tuesday");
    expect(wrong).to.include({ exitCode: 1, stdout: "" });
    expect(await rig.output("snapshot", "group", "rm", "--ignore-not-found", "monday", "tuesday")).to.equal(
      "deleted monday\n",
    );
    expect(await rig.json("snapshot", "list")).to.deep.equal([]);
    expect(await rig.json("snapshot", "group", "list")).to.deep.equal([]);
  });
});

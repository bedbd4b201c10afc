import { mkdir, readdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { bundleOf } from "../../support/bundle.ts";
import { freePort, type RunningAgent, startAgentProcess } from "../../support/running-agent.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";
import { cells, runProgram, succeeded } from "../operator/program.ts";

describe("hyperv-csi volume import, export, move, deleted and restore", () => {
  const program = bundleOf();
  const path = scratchDirectory();
  let agent: RunningAgent;
  before(async () => {
    await Promise.all(["one", "two", "transfer"].map((name) => mkdir(path(name))));
    const pools = ["--pool", `one=${path("one")}`, "--pool", `two=${path("two")}`];
    const options = [...pools, "--transfer-dir", path("transfer"), "--keep-deleted", "24h"];
    agent = await startAgentProcess({ program, port: await freePort(), directory: path(), options });
  });

  const run = (...args: string[]) =>
    runProgram(program, { HYPERV_CSI_AGENT_URL: agent.url, HYPERV_CSI_API_KEY_FILE: agent.keyFile }, args);
  const output = async (...args: string[]) => succeeded(await run(...args), args);
  const json = async (...args: string[]) =>
    JSON.parse(await output(...args, "-o", "json")) as Record<string, unknown>;

  it("write a volume to files and make volumes of them", async () => {
    await output("volume", "create", "db", "--size", "8Mi", "--pool", "one");
    expect(await output("volume", "export", "db", "db.vhdx")).to.equal("db is written to db.vhdx\n");
    expect(await output("volume", "export", "db", "db.raw")).to.equal("db is written to db.raw\n");
    expect(await readdir(path("transfer"))).to.have.members(["db.vhdx", "db.raw"]);
    expect(await json("volume", "import", "db.vhdx", "db-2", "--pool", "two")).to.include({
      name: "db-2",
      size: 8_388_608,
      pool: "two",
    });
    expect(await output("volume", "import", "db.raw", "db-3")).to.match(/^NAME .*\ndb-3 .* 8 MiB .*\n$/);
    for (const [message, ...args] of [
      [/db\.vhdx exists already/, "export", "db", "db.vhdx"],
      [/volume db-2 exists already/, "import", "db.vhdx", "db-2"],
      [/nosuch\.vhdx does not exist/, "import", "nosuch.vhdx", "x"],
      [/character that file names can't hold/, "export", "db", "../db.vhdx"],
      [/no pool "x"/, "import", "db.vhdx", "y", "--pool", "x"],
    ] as const) {
      const { exitCode, stdout, stderr } = await run("volume", ...args);
      expect({ exitCode, stdout }, args.join(" ")).to.deep.equal({ exitCode: 1, stdout: "" });
      expect(stderr).to.match(message);
    }
    expect(await readdir(path("transfer"))).to.have.members(["db.vhdx", "db.raw"]);
  });

  it("move a volume to another pool, and are content when it is there", async () => {
    await output("volume", "create", "moves", "--size", "8Mi", "--pool", "one");
    for (let time = 0; time < 2; time++) {
      expect(await output("volume", "move", "moves", "two")).to.equal("moves is in pool two\n");
    }
    expect(await json("volume", "get", "moves")).to.include({ pool: "two" });
    const { exitCode, stderr } = await run("volume", "move", "moves", "three");
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/no pool "three"; there are: one, two/);
  });

  it("list the pool's own volumes", async () => {
    const rows = (await json("volume", "list", "--pool", "one")) as unknown as { pool: string }[];
    expect(rows.map(({ pool }) => pool))
      .to.include("one")
      .and.not.include("two");
  });

  it("bring a deleted volume back by its name or id", async () => {
    const { id } = await json("volume", "create", "kept", "--size", "8Mi");
    for (const wanted of ["kept", String(id), `test/${String(id)}`]) {
      await output("volume", "delete", "kept");
      const [heading, ...rows] = cells(await output("volume", "deleted"));
      expect(heading).to.deep.equal(["NAME", "ID", "POOL", "DELETED", "KEPT UNTIL"]);
      const [row] = rows.filter(([name]) => name === "kept");
      expect(row?.[1]).to.equal(id);
      expect(Date.parse(row?.[4] ?? "") - Date.parse(row?.[3] ?? "")).to.equal(24 * 3_600_000);
      expect(await json("volume", "restore", wanted)).to.include({ name: "kept", id });
    }
    expect(await json("volume", "deleted")).to.deep.equal([]);
  });

  it("ask which one when several of a name were deleted", async () => {
    const ids: unknown[] = [];
    for (let time = 0; time < 2; time++) {
      ids.push((await json("volume", "create", "twice", "--size", "8Mi"))["id"]);
      await output("volume", "delete", "twice");
    }
    const { exitCode, stderr } = await run("volume", "restore", "twice");
    expect(exitCode).to.equal(1);
    for (const id of ids) expect(stderr).to.contain(`${String(id)} (deleted `);
    expect(await json("volume", "restore", String(ids[0]))).to.include({ id: ids[0] });
    const taken = await run("volume", "restore", "twice");
    expect(taken.exitCode).to.equal(1);
    expect(taken.stderr).to.match(/twice/);
    const none = await run("volume", "restore", "nosuch");
    expect(none.stderr).to.match(/^hyperv-csi volume: volume "nosuch" is not among those that are kept/);
  });

  it("say that an agent without a transfer directory has none", async () => {
    await mkdir(path("plain"));
    await writeFile(path("plain", "api.key"), "key-of-the-tests-0123456789");
    const options = ["--pool", path("plain", "pool")];
    await mkdir(path("plain", "pool"));
    const port = await freePort();
    const plain = await startAgentProcess({ program, port, directory: path("plain"), options });
    const env = { HYPERV_CSI_AGENT_URL: plain.url, HYPERV_CSI_API_KEY_FILE: plain.keyFile };
    const { exitCode, stderr } = await runProgram(program, env, ["volume", "import", "a", "b"]);
    expect(exitCode).to.equal(1);
    expect(stderr).to.match(/no transfer directory/);
  });
});

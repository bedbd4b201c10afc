import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { openPool } from "../../../../src/agent/engine/pool/pool.ts";
import { startProcess } from "../../../support/own-processes.ts";
import { refused } from "../../../support/refused.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";

const SOURCE = join(import.meta.dirname, "../../../../src/agent/engine/pool/pool.ts");

describe("a pool", () => {
  const path = scratchDirectory();
  let made = 0;
  const at = (directory: string) => ({ name: "default", directory });
  const newPlace = () => path(`pool-${made++}`);
  const marker = (directory: string) => join(directory, ".hyperv-csi.json");

  it("is made when it is missing, with its parents, for its owner alone", async () => {
    const directory = join(newPlace(), "deep", "er");
    const pool = await openPool(at(directory), ["east"], "a test");
    expect((await stat(directory)).mode & 0o777).to.equal(0o700);
    expect(pool.layout.disk("name", "id")).to.equal(join(directory, "name;id.vhdx"));
    expect(pool.layout.temporaryDisk("id").startsWith(`${directory}/`)).to.equal(true);
    expect((await pool.space()).free > 0n).to.equal(true);
    await pool.close();
  });

  it("belongs to the group that opened it first, and refuses every other", async () => {
    const directory = newPlace();
    await (await openPool(at(directory), ["east"], "a test")).close();
    await refused(
      openPool(at(directory), ["west"], "a test"),
      "FAILED_PRECONDITION",
      "belongs to group east, not west",
    );
    const pool = await openPool(at(directory), ["east"], "a test");
    await pool.close();
    expect(pool.id).to.match(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(JSON.parse(await readFile(marker(directory), "utf8"))).to.deep.equal({
      version: 1,
      group: "east",
      id: pool.id,
    });
  });

  it("is refused when its group can't be read, and the marker stays as it is", async () => {
    for (const text of ["", "{", "[]", "null", '"east"', '{"version":1}', '{"group":7}']) {
      const directory = newPlace();
      await mkdir(directory);
      await writeFile(marker(directory), text);
      await refused(
        openPool(at(directory), ["east"], "a test"),
        "FAILED_PRECONDITION",
        "restore it from a backup",
      );
      expect(await readFile(marker(directory), "utf8")).to.equal(text);
    }
  });

  it("is let go again when it was refused", async () => {
    const directory = newPlace();
    await (await openPool(at(directory), ["east"], "a test")).close();
    for (let attempt = 0; attempt < 3; attempt++) {
      await refused(openPool(at(directory), ["west"], "a test"), "FAILED_PRECONDITION", "group east");
    }
    await (await openPool(at(directory), ["east"], "a test")).close();
  });

  it("is not where a file is", async () => {
    const file = newPlace();
    await writeFile(file, "precious");
    await refused(openPool(at(file), ["east"], "a test"), "FAILED_PRECONDITION", "is not a directory");
    await refused(
      openPool(at(join(file, "below")), ["east"], "a test"),
      "FAILED_PRECONDITION",
      "is not a directory",
    );
    expect(await readFile(file, "utf8")).to.equal("precious");
  });

  it("has one writer: a second one in this process is refused, naming the first", async () => {
    const directory = newPlace();
    const pool = await openPool(at(directory), ["east"], "agent one");
    await refused(
      openPool(at(directory), ["east"], "two"),
      "FAILED_PRECONDITION",
      `in use by agent one (pid ${process.pid})`,
    );
    await pool.close();
    await (await openPool(at(directory), ["east"], "two")).close();
  });

  it("is held by another process until that is killed with -9", async () => {
    const directory = newPlace();
    const script = `
      import { openPool } from ${JSON.stringify(SOURCE)};
      await openPool(${JSON.stringify(at(directory))}, ["east"], "another agent");
      console.log("open");
      setInterval(() => undefined, 1000);`;
    const other = startProcess(process.execPath, ["--input-type=module-typescript", "--eval", script]);
    await other.says(/open/);
    const error = await refused(
      openPool(at(directory), ["east"], "late"),
      "FAILED_PRECONDITION",
      "another agent",
    );
    expect(error.message).to.include(`pid ${other.pid}`);
    await other.kill("SIGKILL");
    await (await openPool(at(directory), ["east"], "late")).close();
  });
});

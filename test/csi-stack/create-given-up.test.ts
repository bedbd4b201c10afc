import { readdir } from "node:fs/promises";
import { expect } from "chai";
import { DirectorySync } from "../../src/agent/engine/pool/directory-sync.ts";
import { engineRigs } from "../support/engine-rig.ts";
import { codeOf, expectFailure } from "../support/failure.ts";
import { servedEngines } from "./support/served-engine.ts";

describe("a create whose callers give up while the pool is slow", () => {
  const serve = servedEngines();
  const newRig = engineRigs();

  it("leaves one volume however often it is asked for, also through another controller", async () => {
    const { promise: flushed, resolve: flush } = Promise.withResolvers<undefined>();
    // A flush that does not end: the disk has its name by then, and nobody was told.
    const sync = new DirectorySync({ sync: () => flushed });
    const rig = await newRig({ pool: { sync } });
    const disks = async () =>
      (await readdir(rig.pool.directory, { recursive: true })).filter((name) => name.endsWith(".vhdx"));
    const [hurried, patient] = [await serve(rig.engine, 1500), await serve(rig.engine)];
    for (let again = 0; again < 3; again++) {
      expect(await codeOf(hurried.make("data"))).to.be.oneOf(["ABORTED", "DEADLINE_EXCEEDED"]);
      expect((await disks()).length).to.be.at.most(1);
    }
    const [one, other] = [patient.make("data"), patient.make("data")];
    flush(undefined);
    const handle = await one;
    expect(await other).to.equal(handle);
    expect(await hurried.make("data")).to.equal(handle);
    expect(Object.keys(await patient.listed())).to.deep.equal([handle]);

    // Nor does a create that can't be answered take it away.
    await expectFailure(patient.make("data", 64 * 2 ** 20), "ALREADY_EXISTS");
    expect(await patient.make("data")).to.equal(handle);
    expect(await disks()).to.have.lengthOf(1);
  });
});

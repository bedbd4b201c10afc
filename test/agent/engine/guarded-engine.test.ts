import { readdir } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { MiB } from "../../../src/kit/sizes.ts";
import { codeOf } from "../../support/failure.ts";
import { engineRigs, exactly, makeVolume, newVolume, type EngineRig } from "../../support/engine-rig.ts";
import { context } from "../../support/local-rig.ts";
import { refused } from "../../support/refused.ts";

const SIZE = 8n * MiB;

describe("the engine under its locks", () => {
  const newRig = engineRigs();
  const disksIn = async ({ pool }: EngineRig) =>
    (await readdir(pool.directory, { recursive: true })).filter((name) => name.endsWith(".vhdx"));

  /** An attach that waits at the host until `open` is called. */
  async function waitingAttach(rig: EngineRig) {
    const { id } = await makeVolume(rig);
    let open: () => void = () => undefined;
    rig.host.gate = new Promise((resolve) => (open = resolve));
    const vmId = rig.host.vms[0]!.id;
    const hangsUp = new AbortController();
    const attach = rig.engine.attach(vmId, id, false, undefined, { ...context(), signal: hangsUp.signal });
    return {
      id,
      vmId,
      attach,
      hangUp: () => {
        hangsUp.abort();
      },
      open: () => {
        open();
      },
    };
  }

  it("makes one volume of 64 creates of one name", async () => {
    const rig = await newRig();
    const made = await Promise.all(Array.from({ length: 64 }, () => makeVolume(rig, SIZE, "data")));
    expect(new Set(made.map(({ id }) => id)).size).to.equal(1);
    expect(await disksIn(rig)).to.have.length(1);
  });

  it("makes one volume of creates of one name with two sizes: the first wins, the others learn of it", async () => {
    const rig = await newRig();
    const codes = await Promise.all(
      Array.from({ length: 32 }, (_, index) =>
        codeOf(makeVolume(rig, index % 2 === 0 ? SIZE : 2n * SIZE, "data")),
      ),
    );
    expect(new Set(codes.filter((_, index) => index % 2 === 0))).to.deep.equal(new Set(["OK"]));
    expect(new Set(codes.filter((_, index) => index % 2 === 1))).to.deep.equal(new Set(["ALREADY_EXISTS"]));
    expect(await disksIn(rig)).to.have.length(1);
  });

  it("makes many names at once, each its own", async () => {
    const rig = await newRig();
    const names = Array.from({ length: 100 }, (_, index) => `data-${index}`);
    const made = await Promise.all(names.map((name) => makeVolume(rig, SIZE, name)));
    expect(new Set(made.map(({ id }) => id)).size).to.equal(100);
    expect((await disksIn(rig)).map((file) => file.split(";")[0]).sort()).to.deep.equal([...names].sort());
  });

  it("keeps catalog and directory the same through races of creates and deletes of one name", async () => {
    const step = fc.record({
      kind: fc.constantFrom("create", "create large", "delete"),
      turnsBefore: fc.integer({ min: 0, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        const rig = await newRig();
        const ids = new Set([(await makeVolume(rig, SIZE, "data")).id]);
        const calls: Promise<unknown>[] = [];
        for (const { kind, turnsBefore } of steps) {
          for (let turn = 0; turn < turnsBefore; turn++)
            await new Promise((resolve) => setImmediate(resolve));
          if (kind === "delete") {
            calls.push(...[...ids].map((id) => rig.engine.deleteVolume(id, context())));
            continue;
          }
          const size = kind === "create large" ? 2n * SIZE : SIZE;
          const made = makeVolume(rig, size, "data").then(
            (volume) => {
              expect(volume.size).to.equal(size);
              ids.add(volume.id);
            },
            (error: unknown) => {
              expect(error).to.include({ code: "ALREADY_EXISTS" });
            },
          );
          calls.push(made);
        }
        await Promise.all(calls);
        const { items: volumes } = await rig.engine.listVolumes(
          { maxEntries: 0, token: undefined },
          context(),
        );
        expect(await disksIn(rig)).to.deep.equal(volumes.map(({ name, id }) => `${name};${id}.vhdx`));
        expect(volumes.length).to.be.at.most(1);
        for (const id of ids) await rig.engine.deleteVolume(id, context());
        expect(await disksIn(rig)).to.deep.equal([]);
      }),
      { numRuns: 25 },
    );
  });

  it("finishes the work of a client that hangs up, and lets its next request join", async () => {
    const rig = await newRig();
    const { id, vmId, attach, hangUp, open } = await waitingAttach(rig);
    hangUp();
    await refused(attach, "ABORTED", "still running");
    const joined = rig.engine.attach(vmId, id, false, undefined, context());
    open();
    expect((await joined).volumeId).to.equal(id);
    expect(rig.host.attachments).to.have.length(1);
  });

  it("finishes a create whose client is gone before it began", async () => {
    const rig = await newRig();
    const gone = { ...context(), signal: AbortSignal.abort() };
    await refused(rig.engine.createVolume(newVolume("data", exactly(SIZE)), gone), "ABORTED");
    const volume = await makeVolume(rig, SIZE, "data");
    expect(await disksIn(rig)).to.deep.equal([`data;${volume.id}.vhdx`]);
  });

  it("runs one attach of many equal ones, and answers all", async () => {
    const rig = await newRig();
    const { id, vmId, attach, open } = await waitingAttach(rig);
    const twins = Array.from({ length: 20 }, () => rig.engine.attach(vmId, id, false, undefined, context()));
    open();
    const answers = await Promise.all([attach, ...twins]);
    expect(new Set(answers).size).to.equal(1);
    expect(rig.host.attachments).to.have.length(1);
  });

  it("answers ABORTED, saying what runs, when the time of a waiting request is over", async () => {
    const rig = await newRig();
    const { id, attach, open } = await waitingAttach(rig);
    const late = () => ({ ...context(), signal: AbortSignal.timeout(20) });
    await refused(rig.engine.deleteVolume(id, late()), "ABORTED", `delete ${id}`);
    await refused(rig.engine.expandVolume(id, exactly(2n * SIZE), late()), "ABORTED", `expand ${id}`);
    expect(await disksIn(rig)).to.have.length(1);
    open();
    await attach;
  });

  it("reads without waiting for a change", async () => {
    const rig = await newRig();
    const { id, vmId, attach, open } = await waitingAttach(rig);
    await rig.engine.getVolume(id, context());
    await rig.engine.listVolumes({ maxEntries: 0, token: undefined }, context());
    await rig.engine.attachmentsOf(id, context());
    await rig.engine.capacity(undefined, context());
    await rig.engine.getVm(vmId, context());
    await makeVolume(rig, SIZE, "another");
    open();
    await attach;
  });

  it("never deletes a volume while it is being attached, nor attaches one that is being deleted", async () => {
    const rig = await newRig();
    const { id, vmId, attach, open } = await waitingAttach(rig);
    const deletion = codeOf(rig.engine.deleteVolume(id, context()));
    open();
    await attach;
    expect(await deletion).to.equal("FAILED_PRECONDITION");
    await rig.engine.detach(vmId, id, context());
    const [deleted, attached] = await Promise.all([
      codeOf(rig.engine.deleteVolume(id, context())),
      codeOf(rig.engine.attach(vmId, id, false, undefined, context())),
    ]);
    expect([deleted, attached]).to.deep.equal(["OK", "NOT_FOUND"]);
    expect(rig.host.attachments).to.deep.equal([]);
  });

  it("makes a new volume when its name's last one is just being deleted", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig, SIZE, "data");
    const gate = Promise.withResolvers<undefined>();
    rig.host.forget = () => gate.promise;
    const deletion = rig.engine.deleteVolume(id, context());
    const creation = makeVolume(rig, SIZE, "data");
    await new Promise((resolve) => setTimeout(resolve, 20));
    gate.resolve(undefined);
    await deletion;
    const made = await creation;
    expect(made.id).not.to.equal(id);
    expect(await disksIn(rig)).to.deep.equal([`data;${made.id}.vhdx`]);
  });

  it("runs one expansion of many equal ones, and a different one after it", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig);
    await rig.engine.attach(rig.host.vms[0]!.id, id, false, undefined, context());
    const grow = rig.host.growAttached.bind(rig.host);
    const sizes: bigint[] = [];
    rig.host.growAttached = async (disk, attachment, size) => {
      sizes.push(size);
      return await grow(disk, attachment, size);
    };
    const expand = (size: bigint) => rig.engine.expandVolume(id, exactly(size), context());
    await Promise.all([...Array.from({ length: 20 }, () => expand(2n * SIZE)), expand(3n * SIZE)]);
    expect(sizes).to.deep.equal([2n * SIZE, 3n * SIZE]);
  });

  it("forgets a failure: the next equal request runs anew", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig);
    rig.host.gate = Promise.reject(new Error("the host is busy"));
    const vmId = rig.host.vms[0]!.id;
    await refused(rig.engine.attach(vmId, id, false, undefined, context()), "INTERNAL", "busy");
    rig.host.gate = Promise.resolve();
    await rig.engine.attach(vmId, id, false, undefined, context());
  });
});

import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { engineRigs, makeVolume, type EngineRig } from "../../../support/engine-rig.ts";
import { context } from "../../../support/local-rig.ts";
import { refused } from "../../../support/refused.ts";

describe("attaching and detaching a volume", () => {
  const newRig = engineRigs();
  const vmOf = ({ host }: EngineRig, index = 0) => host.vms[index]!.id;
  const attach = (rig: EngineRig, id: string, vmId = vmOf(rig), readOnly = false) =>
    rig.engine.attach(vmId, id, readOnly, undefined, context());

  it("gives the same attachment again, and asks the host once", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig);
    const attachment = await attach(rig, id);
    for (let i = 0; i < 3; i++) expect(await attach(rig, id)).to.deep.equal(attachment);
    expect(rig.host.attachments).to.have.length(1);
    expect(await rig.engine.attachmentsOf(id, context())).to.deep.equal([attachment]);
  });

  it("is refused on a second VM while the first has the volume, whatever the access", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig);
    await attach(rig, id);
    for (const readOnly of [false, true]) {
      await refused(attach(rig, id, vmOf(rig, 1), readOnly), "FAILED_PRECONDITION", vmOf(rig));
    }
    await rig.engine.detach(vmOf(rig), id, context());
    expect((await attach(rig, id, vmOf(rig, 1))).vmId).to.equal(vmOf(rig, 1));
  });

  it("is ALREADY_EXISTS with the other access", async () => {
    const rig = await newRig();
    const [writable, readOnly] = [await makeVolume(rig), await makeVolume(rig)];
    await attach(rig, writable.id);
    await attach(rig, readOnly.id, vmOf(rig), true);
    await refused(attach(rig, writable.id, vmOf(rig), true), "ALREADY_EXISTS", "writable already");
    await refused(attach(rig, readOnly.id), "ALREADY_EXISTS", "read-only already");
  });

  it("ends at the VM's last slot, and only for that VM", async () => {
    const rig = await newRig();
    const { slotsPerVm } = rig.host.manifest;
    const volumes = await Promise.all(Array.from({ length: slotsPerVm + 1 }, () => makeVolume(rig)));
    const codes = await Promise.allSettled(volumes.map(({ id }) => attach(rig, id)));
    expect(codes.filter(({ status }) => status === "fulfilled")).to.have.length(slotsPerVm);
    expect(rig.host.attachments).to.have.length(slotsPerVm);
    const left = volumes.find(({ id }) => rig.host.attachments.every(({ volumeId }) => volumeId !== id))!;
    await refused(attach(rig, left.id), "RESOURCE_EXHAUSTED", `${slotsPerVm} slots`);
    const present = rig.host.attachments[0]!.volumeId;
    expect((await attach(rig, present)).volumeId).to.equal(present);
    await attach(rig, left.id, vmOf(rig, 1));
  });

  it("needs a volume and a VM that are there", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig);
    await refused(attach(rig, randomUUID()), "NOT_FOUND", "volume");
    await refused(attach(rig, id, randomUUID()), "NOT_FOUND", "VM");
    await refused(rig.engine.attachmentsOf(randomUUID(), context()), "NOT_FOUND", "volume");
    await refused(rig.engine.getVm(randomUUID(), context()), "NOT_FOUND", "VM");
    expect(rig.host.attachments).to.deep.equal([]);
  });

  it("a detach of what is not there, not attached, or attached elsewhere is success and changes nothing", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig);
    await rig.engine.detach(vmOf(rig), randomUUID(), context());
    await rig.engine.detach(randomUUID(), id, context());
    await rig.engine.detach(vmOf(rig), id, context());
    await attach(rig, id);
    await rig.engine.detach(vmOf(rig, 1), id, context());
    expect(rig.host.attachments).to.have.length(1);
  });

  it("a detach works for an attachment whose volume the pool has lost", async () => {
    const rig = await newRig();
    const id = randomUUID();
    await rig.host.attach({ volumeId: id, path: "/gone" }, vmOf(rig), false);
    await rig.engine.detach(vmOf(rig), id, context());
    expect(rig.host.attachments).to.deep.equal([]);
  });

  it("a detach is refused while the VM uses the volume", async () => {
    const rig = await newRig();
    const { id } = await makeVolume(rig);
    await attach(rig, id);
    rig.host.inUse.add(id);
    await refused(rig.engine.detach(vmOf(rig), id, context()), "FAILED_PRECONDITION", "in use");
    expect(rig.host.attachments).to.have.length(1);
  });

  it("shows in the list, with every volume's own attachments", async () => {
    const rig = await newRig();
    const volumes = await Promise.all(Array.from({ length: 5 }, () => makeVolume(rig)));
    const attached = volumes.slice(0, 3);
    for (const { id } of attached) await attach(rig, id);
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const page = await rig.engine.listVolumes({ maxEntries: 2, token }, context());
      for (const { id, attachments } of page.items) {
        seen.push(id);
        const expected = attached.some((volume) => volume.id === id) ? [vmOf(rig)] : [];
        expect(attachments.map(({ vmId }) => vmId)).to.deep.equal(expected);
      }
      token = page.nextToken;
    } while (token !== undefined);
    expect(seen).to.deep.equal(volumes.map(({ id }) => id).sort());
  });
});

import { expect } from "chai";
import { fakeVm } from "../../support/fake-host.ts";
import { expectError } from "../../support/http.ts";
import { restAgent, UNKNOWN } from "./fixture.ts";

const [VM_1, VM_2] = [fakeVm(1).id, fakeVm(2).id];

for (const [what, place] of [
  ["documented", (vm: string, volume: string) => `/attachment/node/${vm}/volume/${volume}`],
  ["Go implementation's", (vm: string, volume: string) => `/attachment/${vm}/volume/${volume}`],
] as const) {
  describe(`rest attachments, the ${what} route`, () => {
    const rest = restAgent();
    const attached = () => rest.agent.host.attachments.map(({ vmId, volumeId }) => [vmId, volumeId]);

    it("attaches and detaches: 204 without a body, repeatable", async () => {
      const id = await rest.make("disk");
      for (const [method, expected] of [
        ["PUT", [[VM_1, id]]],
        ["PUT", [[VM_1, id]]],
        ["DELETE", []],
        ["DELETE", []],
      ] as const) {
        const { status, text } = await rest.send(method, place(VM_1, id));
        expect([status, text]).to.deep.equal([204, ""]);
        expect(attached()).to.deep.equal(expected);
      }
    });

    it("takes ids in capitals", async () => {
      const id = await rest.make("capitals");
      const shouted = place(VM_1.toUpperCase(), id.toUpperCase());
      expect((await rest.send("PUT", shouted)).status).to.equal(204);
      expect(attached()).to.deep.equal([[VM_1, id]]);
      expect((await rest.send("DELETE", shouted)).status).to.equal(204);
      expect(attached(), "a detach that says so has detached").to.deep.equal([]);
    });

    it("refuses a second VM, also when the first does not run: 412", async () => {
      const id = await rest.make("exclusive");
      await rest.send("PUT", place(VM_1, id));
      expectError(await rest.send("PUT", place(VM_2, id)), 412, 9, new RegExp(VM_1));
      expect((await rest.send("DELETE", place(VM_2, id))).status).to.equal(204);
      expect(attached()).to.deep.equal([[VM_1, id]]);
      await rest.send("DELETE", place(VM_1, id));
    });

    it("attaches to a VM or of a volume that is not there: 404", async () => {
      const id = await rest.make("lonely");
      expectError(await rest.send("PUT", place(UNKNOWN, id)), 404, 5, /VM/);
      expectError(await rest.send("PUT", place(VM_1, UNKNOWN)), 404, 5, /volume/);
      expectError(await rest.send("PUT", place(VM_1, "*")), 404, 5);
      expectError(await rest.send("PUT", place("*", id)), 404, 5);
    });

    it("detaches what is gone: 204", async () => {
      const id = await rest.make("soon-gone");
      expect((await rest.send("DELETE", place(UNKNOWN, id))).status).to.equal(204);
      await rest.send("DELETE", `/volume/${id}`);
      expect((await rest.send("DELETE", place(VM_1, id))).status).to.equal(204);
      expect((await rest.send("DELETE", place(VM_1, UNKNOWN))).status).to.equal(204);
    });

    it("does not detach what is in use: 412", async () => {
      const id = await rest.make("busy");
      await rest.send("PUT", place(VM_1, id));
      rest.agent.host.inUse.add(id);
      expectError(await rest.send("DELETE", place(VM_1, id)), 412, 9, /in use/);
      rest.agent.host.inUse.clear();
      await rest.send("DELETE", place(VM_1, id));
    });

    it("detaches from a VM only when that is off, where that is asked for: else 412", async () => {
      const id = await rest.make("powered");
      await rest.send("PUT", place(VM_1, id));
      const [vm] = rest.agent.host.vms;
      for (const query of ["onlyWhenOff=true", "onlywhenoff=true"])
        expectError(await rest.send("DELETE", `${place(VM_1, id)}?${query}`), 412, 9, new RegExp(VM_1));
      expectError(await rest.send("DELETE", `${place(VM_1, id)}?onlyWhenOff=maybe`), 400, 3, /onlyWhenOff/);
      expect(attached()).to.deep.equal([[VM_1, id]]);
      Object.assign(vm!, { state: "off" });
      expect((await rest.send("DELETE", `${place(VM_1, id)}?onlyWhenOff=true`)).status).to.equal(204);
      expect(attached()).to.deep.equal([]);
      Object.assign(vm!, { state: "running" });
    });

    it("answers with the disk's address when it is asked to", async () => {
      const id = await rest.make("address");
      const headers = { Prefer: "return=representation" };
      const { status, json } = await rest.send("PUT", `${place(VM_1, id)}?readonly=true`, { headers });
      expect(status).to.equal(200);
      const [attached] = rest.agent.host.attachments;
      const attachment = { VmId: VM_1, VolumeId: id, ReadOnly: true, Address: attached?.address };
      expect(json).to.deep.equal(attachment);
      const listed = await rest.send("GET", `/volume/${id}/attachments`);
      expect(listed.json).to.deep.equal({ Attachments: [attachment] });
      await rest.send("DELETE", place(VM_1, id));
    });

    it("refuses a readonly that is neither true nor false: 400", async () => {
      expectError(await rest.send("PUT", `${place(VM_1, UNKNOWN)}?readonly=yes`), 400, 3, /readonly/);
    });
  });
}

describe("rest GET /volume/:volid/attachments", () => {
  const rest = restAgent();

  it("is empty for a detached volume and 404 for none, in either case", async () => {
    const id = await rest.make("detached");
    for (const text of [id, id.toUpperCase()]) {
      expect((await rest.send("GET", `/volume/${text}/attachments`)).json).to.deep.equal({ Attachments: [] });
    }
    expectError(await rest.send("GET", `/volume/${UNKNOWN}/attachments`), 404, 5);
  });
});

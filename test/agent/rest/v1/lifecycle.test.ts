import { expect } from "chai";
import { fakeVm } from "../../../support/fake-host.ts";
import { GUID, UNKNOWN } from "../fixture.ts";
import { v1Agent } from "./fixture.ts";

const VM = fakeVm(1);
const OTHER = fakeVm(2);

describe("volumes API v1: create", () => {
  const rest = v1Agent();

  it("takes one object, with null for what is absent, as one client sends it", async () => {
    const [item] = await rest.items("POST", "/volumes", { name: null, size_mb: 8, template: null });
    expect(item?.name).to.match(/^vol-[a-z0-9]{5}$/);
    expect(item?.uuid).to.match(GUID);
    expect(item).to.include({ status: "success", state: "available" });
  });

  it("takes an array, and answers in its order", async () => {
    const names = ["c", "a", "b"];
    const items = await rest.items(
      "POST",
      "/volumes",
      names.map((name) => ({ name, size_mb: 8 })),
    );
    expect(items.map(({ name }) => name)).to.deep.equal(names);
  });

  it("says how long it took", async () => {
    const { op_time_us } = await rest.ask("POST", "/volumes", { size_mb: 8 });
    expect(op_time_us).to.be.above(0).and.below(60_000_000);
  });

  it("counts in MiB", async () => {
    const uuid = await rest.create("ten", { size_mb: 10 });
    const { json } = await rest.send("GET", `/volume/${uuid}`);
    expect((json as { size: number }).size).to.equal(10 * 2 ** 20);
    expect((await rest.items("GET", "/volumes?name=ten"))[0]).to.include({ size_mb: 10 });
  });

  it("refuses a name that is taken, also twice in one batch: error 23, and no second volume", async () => {
    const again = await rest.ask("POST", "/volumes", [{ name: "ten", size_mb: 10 }]);
    expect(again).to.include({ http: 200, status: "error" });
    expect(again.message).to.match(/^Failed to perform all operations/);
    expect(again.data["volumes"]?.[0]).to.include({ status: "error", error: 23, name: "ten" });
    const twins = await rest.ask("POST", "/volumes", [
      { name: "twin", size_mb: 8 },
      { name: "twin", size_mb: 8 },
    ]);
    expect(twins.status).to.equal("partial_success");
    expect(twins.data["volumes"]?.map(({ error }) => error)).to.deep.equal([undefined, 23]);
    const many = await Promise.all(
      Array.from({ length: 8 }, () => rest.items("POST", "/volumes", { name: "raced", size_mb: 8 })),
    );
    expect(many.flat().filter(({ status }) => status === "success")).to.have.lengthOf(1);
    expect(many.flat().filter(({ error }) => error === 23)).to.have.lengthOf(7);
  });

  for (const [what, item, error] of [
    ["a host path", { size_mb: 8, host_path: "/etc" }, 1],
    ["a template", { template: { name: "t" } }, 1],
    ["a file system", { size_mb: 8, filesystem: "virtiofs" }, 1],
    ["an owner", { size_mb: 8, uid: 1000 }, 1],
    ["arguments", { size_mb: 8, args: { a: 1 } }, 1],
    ["several writers", { size_mb: 8, access_mode: "rwx" }, 1],
    ["a name in the form of a UUID", { name: UNKNOWN, size_mb: 8 }, 7],
    ["a name that leaves the pool", { name: "../x", size_mb: 8 }, 7],
    ["a name that Windows keeps for itself", { name: "CON", size_mb: 8 }, 7],
    ["more than the pool has", { size_mb: 60 * 2 ** 20 }, 19],
  ] as const) {
    it(`refuses ${what} by name: item error ${error}`, async () => {
      const before = (await rest.items("GET", "/volumes")).length;
      const [answer] = await rest.items("POST", "/volumes", item);
      expect(answer, answer?.message).to.include({ status: "error", error });
      expect((await rest.items("GET", "/volumes")).length).to.equal(before);
    });
  }

  it("keeps tags and policy", async () => {
    await rest.create("tagged", {
      tags: ["a", "b=c"],
      quota_policy: "static",
      access_mode: "rwo",
      uid: 0,
      args: {},
    });
    const [item] = await rest.items("GET", "/volumes?name=tagged");
    expect(item).to.deep.include({
      tags: ["a", "b=c"],
      quota_policy: "static",
      delete_lock: false,
      persistent: true,
    });
  });
});

describe("volumes API v1: a volume's life", () => {
  const rest = v1Agent();
  const stateOf = async (uuid: string) => (await rest.items("GET", `/volumes/${uuid}`))[0]?.state;

  it("goes from available to mounted and back, and ends", async () => {
    const uuid = await rest.create("life");
    expect(await stateOf(uuid)).to.equal("available");
    const [attached] = await rest.items("PUT", "/volumes/attach", [
      { name: "life", attach_to: { name: VM.name }, at: "/mnt/data", readonly: true },
    ]);
    expect(attached).to.deep.equal({ status: "success", uuid, name: "life" });
    const [item] = await rest.items("GET", `/volumes?uuid=${uuid}&details=true`);
    expect(item).to.deep.include({
      status: "success",
      state: "mounted",
      attached_to: [{ uuid: VM.id, name: VM.name, readonly: true, at: "/mnt/data" }],
      mounted_by: [{ uuid: VM.id, name: VM.name, readonly: true }],
    });
    const [refused] = await rest.items("DELETE", "/volumes", [{ name: "life" }]);
    expect(refused).to.include({ status: "error", error: 15, uuid });
    const [detached] = await rest.items("PUT", `/volumes/${uuid}/detach`, {});
    expect(detached).to.deep.equal({ status: "success", uuid, name: "life" });
    expect(await stateOf(uuid)).to.equal("available");
    expect(await rest.items("DELETE", `/volumes/${uuid}`)).to.deep.equal([
      { status: "success", uuid, name: "life" },
    ]);
    const [gone] = await rest.items("GET", `/volumes/${uuid}`);
    expect(gone).to.include({ status: "error", error: 8, uuid, message: `No volume with uuid '${uuid}'` });
  });

  it("is idle in a stopped instance, mounted in a running one", async () => {
    const uuid = await rest.create("idle");
    await rest.items("PUT", `/volumes/${uuid}/attach`, {
      attach_to: { uuid: VM.id.toUpperCase() },
      at: "/x",
    });
    expect(await stateOf(uuid)).to.equal("mounted");
    Object.assign(rest.agent.host.vms[0]!, { state: "off" });
    expect(await stateOf(uuid)).to.equal("idle");
    expect((await rest.items("GET", `/volumes/${uuid}`))[0]?.mounted_by).to.deep.equal([]);
    Object.assign(rest.agent.host.vms[0]!, { state: "running" });
    await rest.items("PUT", "/volumes/detach?name=idle");
    expect(await stateOf(uuid)).to.equal("available");
  });

  it("is attached once: error 15, wherever it is asked for", async () => {
    const uuid = await rest.create("once");
    const place = (vm: string) => ({ attach_to: { uuid: vm }, at: "/x" });
    await rest.items("PUT", `/volumes/${uuid}/attach`, place(VM.id));
    for (const vm of [VM.id, OTHER.id]) {
      const [item] = await rest.items("PUT", `/volumes/${uuid}/attach`, place(vm));
      expect(item).to.include({ status: "error", error: 15 });
      expect(item?.message).to.contain(VM.name);
    }
  });

  it("is detached from where it is, or refused: errors 8 and 21", async () => {
    const uuid = await rest.create("off");
    const detach = async (body: object) => (await rest.items("PUT", `/volumes/${uuid}/detach`, body))[0];
    expect(await detach({})).to.include({ status: "error", error: 21 });
    await rest.items("PUT", `/volumes/${uuid}/attach`, { attach_to: { uuid: VM.id }, at: "/x" });
    expect(await detach({ from: { name: OTHER.name } })).to.include({ error: 21 });
    expect(await detach({ from: { name: "nobody" } })).to.include({ error: 8 });
    rest.agent.host.inUse.add(uuid);
    const used = await detach({ from: { uuid: VM.id } });
    expect(used).to.include({ status: "error", error: 24 });
    expect(used?.message)
      .to.contain(VM.name)
      .and.to.match(/in use/);
    rest.agent.host.inUse.clear();
    expect(await detach({ from: { uuid: VM.id } })).to.include({ status: "success" });
  });

  it("is cloned, with a name or a random one", async () => {
    await rest.create("origin", { tags: ["x"] });
    const [copy, random] = await rest.items("POST", "/volumes/clone", [
      { name: "origin", vol_name: "copy", tags: ["y"] },
      { name: "origin" },
    ]);
    expect(copy).to.include({ status: "success", name: "copy", state: "available" });
    expect(random?.name).to.match(/^vol-/);
    expect((await rest.items("GET", "/volumes?name=copy"))[0]).to.deep.include({ size_mb: 8, tags: ["y"] });
    const [taken] = await rest.items("POST", `/volumes/${copy?.uuid}/clone`, { vol_name: "origin" });
    expect(taken).to.include({ error: 23 });
  });

  it("grows, is tagged and locked by PATCH, one property an item", async () => {
    const uuid = await rest.create("patched");
    const patch = (...changes: object[]) =>
      rest.items(
        "PATCH",
        "/volumes",
        changes.map((change) => ({ uuid, ...change })),
      );
    const done = await patch(
      { prop: "size_mb", op: "set", value: 16, id: "first" },
      { prop: "tags", op: "set", value: ["a", "b"] },
      { prop: "tags", op: "add", value: "c" },
      { prop: "tags", op: "del", value: ["a"] },
      { prop: "delete_lock", op: "set", value: true },
    );
    expect(done.map(({ status }) => status)).to.deep.equal(Array(5).fill("success"));
    expect(done[0]?.id).to.equal("first");
    const [item] = await rest.items("GET", `/volumes/${uuid}`);
    expect(item).to.deep.include({ size_mb: 16, tags: ["b", "c"], delete_lock: true });
    expect((await rest.items("DELETE", `/volumes/${uuid}`))[0]).to.include({ error: 14 });
    const [shrink, policy] = await patch(
      { prop: "size_mb", op: "set", value: 8 },
      { prop: "quota_policy", op: "set", value: "dynamic" },
    );
    expect(shrink).to.include({ error: 7 });
    expect(policy).to.include({ error: 1 });
    await rest.items("PATCH", `/volumes/${uuid}`, { prop: "delete_lock", op: "del" });
    await rest.items("PATCH", `/volumes/${uuid}`, { prop: "tags", op: "del", value: null });
    expect((await rest.items("GET", `/volumes/${uuid}`))[0]).to.deep.include({
      tags: [],
      delete_lock: false,
    });
    expect((await rest.items("DELETE", `/volumes/${uuid}`))[0]).to.include({ status: "success" });
  });
});

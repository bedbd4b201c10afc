import { expect } from "chai";
import { fakeVm } from "../../../support/fake-host.ts";
import { UNKNOWN } from "../fixture.ts";
import { type Item, v1Agent } from "./fixture.ts";

const VM = fakeVm(1);
const names = (items: readonly Item[]) => items.map(({ name }) => name);

describe("volumes API v1: get", () => {
  const rest = v1Agent();
  const ids: Record<string, string> = {};
  before(async () => {
    for (const name of ["a", "b", "c"]) ids[name] = await rest.create(name);
  });

  for (const query of ["name=c&name=a", "name=c,a", "name=c&name=a&details=true"]) {
    it(`finds ${query}, in that order`, async () => {
      expect(names(await rest.items("GET", `/volumes?${query}`))).to.deep.equal(["c", "a"]);
    });
  }

  it("finds UUIDs in any case, and mixes them with names in the query's order", async () => {
    const query = `uuid=${ids["b"]?.toUpperCase()}&name=a`;
    expect(names(await rest.items("GET", `/volumes?${query}`))).to.deep.equal(["b", "a"]);
  });

  it("finds what a body on GET names, as one client sends it", async () => {
    const items = await rest.items("GET", "/volumes", [{ name: "b" }, { uuid: ids["a"] }]);
    expect(names(items)).to.deep.equal(["b", "a"]);
    expect(names(await rest.items("GET", "/volumes", { name: "c", uuid: null }))).to.deep.equal(["c"]);
  });

  it("tells of each that is not there: HTTP 200, error 8", async () => {
    const answer = await rest.ask("GET", `/volumes?name=a&name=nobody&uuid=${UNKNOWN}`);
    expect(answer).to.include({ http: 200, status: "partial_success" });
    expect(answer.data["volumes"]?.map(({ status, error }) => [status, error])).to.deep.equal([
      ["success", undefined],
      ["error", 8],
      ["error", 8],
    ]);
    expect(answer.data["volumes"]?.[1]?.message).to.equal("No volume with name 'nobody'");
  });

  it("takes no name for a UUID, and no UUID for a name", async () => {
    expect((await rest.items("GET", `/volumes?name=${ids["a"]}`))[0]).to.include({ error: 8 });
  });

  it("tells uuid and name alone without details", async () => {
    expect(await rest.items("GET", `/volumes/${ids["a"]}?details=false`)).to.deep.equal([
      { status: "success", uuid: ids["a"], name: "a" },
    ]);
  });

  it("tells all volumes when none is named", async () => {
    const items = await rest.items("GET", "/volumes");
    expect(names(items).sort()).to.deep.equal(["a", "b", "c"]);
    expect(items[0]).to.include.keys(
      "state",
      "size_mb",
      "attached_to",
      "mounted_by",
      "persistent",
      "created_at",
    );
    expect(items[0], "no item status when all are listed").not.to.have.property("status");
  });
});

describe("volumes API v1: list", () => {
  const rest = v1Agent();
  const created: string[] = [];
  before(async () => {
    for (let index = 0; index < 7; index++) {
      created.push(await rest.create(`v${index}`, { tags: index % 2 === 0 ? ["even", "all"] : ["all"] }));
    }
    await rest.items("PUT", `/volumes/${created[0]}/attach`, { attach_to: { uuid: VM.id }, at: "/x" });
  });

  it("tells uuid and name, by UUID", async () => {
    const items = await rest.items("GET", "/volumes/list");
    expect(items.map(({ uuid }) => uuid)).to.deep.equal(created.toSorted());
    expect(Object.keys(items[0]!)).to.deep.equal(["uuid", "name"]);
  });

  it("pages by count and from, and ends with a page that is not full", async () => {
    const seen: (string | undefined)[] = [];
    let from = "";
    for (;;) {
      const page = await rest.items("GET", `/volumes?count=3${from}`);
      seen.push(...page.map(({ uuid }) => uuid));
      if (page.length < 3) break;
      from = `&from=${page.at(-1)?.uuid}`;
    }
    expect(seen).to.deep.equal(created.toSorted());
  });

  it("goes on behind a volume that is gone by now", async () => {
    const uuid = await rest.create("short-lived");
    await rest.items("DELETE", `/volumes/${uuid}`);
    const rest_ = await rest.items("GET", `/volumes/list?from=${uuid}`);
    expect(rest_.map((item) => item.uuid)).to.deep.equal(created.toSorted().filter((id) => id > uuid));
  });

  it("sorts by time of creation, both ways, and pages through that", async () => {
    const list = async (query: string) =>
      names(await rest.items("GET", `/volumes/list?sortby=create_time${query}`));
    const oldest = ["v0", "v1", "v2", "v3", "v4", "v5", "v6"];
    expect(await list("")).to.deep.equal(oldest);
    expect(await list("&order=desc")).to.deep.equal(oldest.toReversed());
    expect(await list(`&order=desc&count=2&from=${created[4]}`)).to.deep.equal(["v3", "v2"]);
  });

  for (const [query, body] of [
    ["?state=mounted", undefined],
    ["", { state: "mounted" }],
    ["", { state: "mounted", persistent: true, tags: null }],
    ["?state=available", { state: "mounted" }],
  ] as const) {
    it(`filters by state from query ${query || "none"} and body ${JSON.stringify(body)}`, async () => {
      expect(names(await rest.items("GET", `/volumes/list${query}`, body))).to.deep.equal(["v0"]);
    });
  }

  it("filters by tags, all of them, and by persistence", async () => {
    expect(await rest.items("GET", "/volumes/list?tags=even,all")).to.have.lengthOf(4);
    expect(await rest.items("GET", "/volumes/list?tags=even&tags=odd")).to.have.lengthOf(0);
    expect(await rest.items("GET", "/volumes/list?persistent=true&state=available")).to.have.lengthOf(6);
    expect(await rest.items("GET", "/volumes/list", { persistent: false })).to.have.lengthOf(0);
  });

  it("fills pages with what the filters leave", async () => {
    const page = await rest.items("GET", "/volumes/list?tags=even&count=3");
    expect(page).to.have.lengthOf(3);
    const next = await rest.items("GET", `/volumes/list?tags=even&count=3&from=${page.at(-1)?.uuid}`);
    expect(next).to.have.lengthOf(1);
  });

  it("tells quotas", async () => {
    const { data } = await rest.ask("GET", "/users/quotas");
    const [quota] = data["quotas"] as unknown as {
      used: { volumes: number };
      limits: { min_volume_mb: number };
    }[];
    expect(quota?.used.volumes).to.equal(7);
    expect(quota?.limits.min_volume_mb).to.equal(6);
  });
});

import { expect } from "chai";
import { fakeVm } from "../../support/fake-host.ts";
import { expectError } from "../../support/http.ts";
import { restAgent, SIZE, UNKNOWN } from "./fixture.ts";

interface Listed {
  readonly volumes: readonly { readonly DiskIdentifier: string; readonly Host: string | null }[];
  readonly next_token: string;
}

describe("rest GET /volumes", () => {
  const rest = restAgent();
  const list = async (query = "") => {
    const { status, json, text } = await rest.send("GET", `/volumes${query}`);
    expect(status, text).to.equal(200);
    return json as Listed;
  };
  const idsOf = ({ volumes }: Listed) => volumes.map(({ DiskIdentifier }) => DiskIdentifier);
  let ids: string[] = [];

  it("is an empty list in an empty pool", async () => {
    expect(await list()).to.deep.equal({ volumes: [], next_token: "" });
  });

  it("has the keys that clients read, and items in PascalCase", async () => {
    ids = (await Promise.all(["a", "b", "c", "d", "e"].map((name) => rest.make(name)))).sort();
    const { json } = await rest.send("GET", "/volumes");
    expect(json).to.have.all.keys("volumes", "next_token");
    const { volumes } = json as { volumes: object[] };
    expect(volumes).to.have.lengthOf(5);
    for (const volume of volumes) {
      expect(volume).to.include.all.keys("Path", "Name", "Size", "DiskIdentifier", "Host");
      expect(volume).to.deep.include({ Size: SIZE, Host: null });
    }
    expect(idsOf(json as Listed)).to.deep.equal(ids);
  });

  it("says which VM has a volume", async () => {
    const place = `/attachment/node/${fakeVm(2).id}/volume/${ids[1]}`;
    await rest.send("PUT", place);
    expect((await list()).volumes.map(({ Host }) => Host)).to.deep.equal([
      null,
      fakeVm(2).id,
      null,
      null,
      null,
    ]);
    await rest.send("DELETE", place);
    expect((await list()).volumes.every(({ Host }) => Host === null)).to.equal(true);
  });

  for (const [entries, token] of [
    ["maxEntries", "nextToken"],
    ["maxentries", "nexttoken"],
    ["MAXENTRIES", "NEXTTOKEN"],
  ] as const) {
    it(`comes in pages with ${entries} and ${token}`, async () => {
      const seen: string[] = [];
      let next = "";
      do {
        const page = await list(`?${entries}=2${next === "" ? "" : `&${token}=${next}`}`);
        seen.push(...idsOf(page));
        next = page.next_token;
        expect(page.volumes).to.have.lengthOf(next === "" ? 1 : 2);
      } while (next !== "");
      expect(seen).to.deep.equal(ids);
    });
  }

  it("takes no limit, an empty one and 0 for all", async () => {
    for (const query of ["", "?maxEntries=", "?maxEntries=0", "?nextToken=", "?maxEntries=999999999"]) {
      expect(idsOf(await list(query))).to.deep.equal(ids);
    }
  });

  for (const entries of ["-1", "-0", "1.5", "x", "1e3", "1000000000", "0x10", " 1"]) {
    it(`refuses maxEntries=${entries}: 400`, async () => {
      expectError(
        await rest.send("GET", `/volumes?maxEntries=${encodeURIComponent(entries)}`),
        400,
        3,
        /maxEntries/,
      );
    });
  }

  for (const token of [
    "5",
    "999999",
    "-1",
    "0",
    "x",
    "v1-",
    "v2-",
    `v1-${UNKNOWN.toUpperCase().replace("4", "A")}`,
    "*",
  ]) {
    it(`refuses nextToken=${token}: 409, ABORTED`, async () => {
      expectError(await rest.send("GET", `/volumes?nextToken=${token}`), 409, 10, /start again/);
    });
  }

  it("goes on behind a volume that is gone by now", async () => {
    const page = await list("?maxEntries=2");
    await rest.send("DELETE", `/volume/${ids[1]}`);
    expect(idsOf(await list(`?nextToken=${page.next_token}`))).to.deep.equal(ids.slice(2));
  });
});

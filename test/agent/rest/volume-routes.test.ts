import { expect } from "chai";
import { fakeVm } from "../../support/fake-host.ts";
import { expectError } from "../../support/http.ts";
import { GUID, restAgent, SIZE, UNKNOWN } from "./fixture.ts";

describe("rest volume routes", () => {
  const rest = restAgent();

  it("create a volume: 201 with all that is known of it", async () => {
    const { status, json, contentType } = await rest.send("POST", `/volume/new?size=${SIZE}`);
    expect(status).to.equal(201);
    expect(contentType).to.match(/^application\/json/);
    const { id, created_at, ...others } = json as { id: string; created_at: string };
    expect(id).to.match(GUID);
    expect(Math.abs(Date.now() - Date.parse(created_at))).to.be.below(60_000);
    expect(others).to.deep.equal({
      name: "new",
      size: SIZE,
      pool: "default",
      type: "fixed",
      labels: {},
      attributes: {},
      source: null,
      fault: null,
    });
  });

  it("answer the same create with the same volume, and another size with 409", async () => {
    const first = await rest.send("POST", `/volume/again?size=${SIZE}`);
    expect(await rest.send("POST", `/volume/again?size=${SIZE}`)).to.deep.equal(first);
    expectError(await rest.send("POST", `/volume/again?size=${2 * SIZE}`), 409, 6, /again/);
  });

  for (const size of [0, 1, 5 << 20, 6 << 20, SIZE + 1]) {
    it(`take a repeated create of ${size} bytes for the same request, whatever it was rounded to`, async () => {
      const first = await rest.send("POST", `/volume/rounded-${size}?size=${size}`);
      expect(first.status).to.equal(201);
      expect((first.json as { size: number }).size).to.be.at.least(Math.max(size, 6 << 20));
      expect(await rest.send("POST", `/volume/rounded-${size}?size=${size}`)).to.deep.equal(first);
    });
  }

  it("create with any size up to a limit", async () => {
    const range = `size=${SIZE + 1}&limit=${2 * SIZE}`;
    const { json } = await rest.send("POST", `/volume/range?${range}`);
    expect((json as { size: number }).size).to.be.within(SIZE + 1, 2 * SIZE);
    expect((await rest.send("POST", `/volume/range?size=1&limit=${2 * SIZE}`)).json).to.deep.equal(json);
    expectError(
      await rest.send("POST", `/volume/range?size=${SIZE + 1}&limit=${SIZE + 2}`),
      400,
      11,
      /limit/,
    );
  });

  it("create names that need escaping in a path", async () => {
    for (const name of ["größe-卷", "a b", "50%", "a+b", "a&size=1"]) {
      const id = await rest.make(encodeURIComponent(name));
      expect((await rest.send("GET", `/volume/${id}`)).json).to.deep.include({ name });
      expect((await rest.send("GET", `/volume/${encodeURIComponent(name)}`)).json).to.deep.include({ id });
    }
  });

  it("get a volume by id, in either case, and by name", async () => {
    const { json: expected } = await rest.send("POST", `/volume/found?size=${SIZE}`);
    const { id } = expected as { id: string };
    for (const text of [id, id.toUpperCase(), "found"]) {
      const { status, json } = await rest.send("GET", `/volume/${text}`);
      expect(status, text).to.equal(200);
      expect(json).to.deep.equal(expected);
    }
    expectError(await rest.send("GET", `/volume/${UNKNOWN}`), 404, 5, /does not exist/);
    expectError(await rest.send("GET", "/volume/Found"), 404, 5);
  });

  it("delete a volume: 204 without a body, also when it is gone", async () => {
    const id = await rest.make("gone");
    for (let time = 0; time < 2; time++) {
      const { status, text } = await rest.send("DELETE", `/volume/${id}`);
      expect([status, text]).to.deep.equal([204, ""]);
    }
    expectError(await rest.send("GET", `/volume/${id}`), 404, 5);
  });

  it("delete by an id in capitals", async () => {
    const id = await rest.make("capitals");
    expect((await rest.send("DELETE", `/volume/${id.toUpperCase()}`)).status).to.equal(204);
    expectError(await rest.send("GET", `/volume/${id}`), 404, 5);
  });

  it("do not delete an attached volume: 412", async () => {
    const id = await rest.make("attached");
    const attachment = `/attachment/node/${fakeVm(1).id}/volume/${id}`;
    expect((await rest.send("PUT", attachment)).status).to.equal(204);
    expectError(await rest.send("DELETE", `/volume/${id}`), 412, 9, /attached/);
    expectError(await rest.send("DELETE", `/volume/${id.toUpperCase()}`), 412, 9, /attached/);
    await rest.send("DELETE", attachment);
    expect((await rest.send("DELETE", `/volume/${id}`)).status).to.equal(204);
  });

  it("expand a volume: 200 with its new size", async () => {
    const id = await rest.make("grows");
    const grown = { CapacityBytes: 2 * SIZE, NodeExpansionRequired: true };
    for (const path of [`/volume/${id}?size=${2 * SIZE}`, `/volume/${id.toUpperCase()}?size=${2 * SIZE}`]) {
      const { status, json } = await rest.send("PUT", path);
      expect([status, json]).to.deep.equal([200, grown]);
    }
    expect((await rest.send("PUT", `/volume/${id}?size=1`)).json, "never shrinks").to.deep.equal(grown);
    expectError(await rest.send("PUT", `/volume/${UNKNOWN}?size=${SIZE}`), 404, 5);
  });

  for (const [query, message] of [
    ["", /size/],
    ["?size=", /whole number/],
    ["?size=8e6", /whole number/],
    ["?size=8MiB", /whole number/],
    ["?size=9223372036854775808", /whole number/],
    ["?size=-1", /not a whole number of bytes/],
    [`?size=${SIZE}&limit=x`, /limit/],
  ] as const) {
    it(`refuse the query ${JSON.stringify(query)}: 400`, async () => {
      const id = await rest.make("steady");
      expectError(await rest.send("POST", `/volume/odd${query}`), 400, 3, message);
      expectError(await rest.send("PUT", `/volume/${id}${query}`), 400, 3, message);
      expectError(await rest.send("GET", "/volume/odd"), 404, 5);
    });
  }

  it("refuse a size that no disk can have: 400, OUT_OF_RANGE", async () => {
    expectError(await rest.send("POST", "/volume/huge?size=9223372036854775807"), 400, 11, /largest/);
  });

  it("tell a full pool from a server's fault: 507", async () => {
    rest.agent.freeBytes = 1n;
    const answer = await rest.send("POST", `/volume/full?size=${SIZE}`);
    rest.agent.freeBytes = undefined;
    expectError(answer, 507, 8, /free/);
  });
});

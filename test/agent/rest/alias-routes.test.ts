import { expect } from "chai";
import { expectError } from "../../support/http.ts";
import { restAgent, SIZE, UNKNOWN } from "./fixture.ts";

describe("rest routes of the Go implementation", () => {
  const rest = restAgent();

  it("POST /volume/:name/size/:size is the documented create", async () => {
    const created = await rest.send("POST", `/volume/alias/size/${SIZE}`);
    expect(created.status).to.equal(201);
    expect(created.json).to.deep.include({ name: "alias", size: SIZE });
    expect(await rest.send("POST", `/volume/alias?size=${SIZE}`)).to.deep.equal(created);
    expectError(await rest.send("POST", `/volume/alias/size/${2 * SIZE}`), 409, 6);
    expectError(await rest.send("POST", "/volume/alias/size/x"), 400, 3, /size/);
    expectError(await rest.send("POST", "/volume/alias/size/-1"), 400, 3, /not a whole number of bytes/);
    expectError(await rest.send("POST", `/volume/a%2Fb/size/${SIZE}`), 400, 3);
  });

  it("PUT /volume/:volid/size/:size is the documented expand", async () => {
    const id = await rest.make("grows");
    for (const text of [id, id.toUpperCase()]) {
      const { status, json } = await rest.send("PUT", `/volume/${text}/size/${2 * SIZE}`);
      expect([status, json]).to.deep.equal([200, { CapacityBytes: 2 * SIZE, NodeExpansionRequired: true }]);
    }
    expectError(await rest.send("PUT", `/volume/${UNKNOWN}/size/${SIZE}`), 404, 5);
  });
});

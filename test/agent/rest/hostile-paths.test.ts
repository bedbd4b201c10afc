import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { expect } from "chai";
import { fakeVm } from "../../support/fake-host.ts";
import { expectError } from "../../support/http.ts";
import { restAgent, SIZE } from "./fixture.ts";

const IDS = [
  "*",
  "?",
  "%2a",
  "..",
  "%2e%2e",
  ".",
  "%2e",
  "..%2f..%2fpool",
  "..%5c",
  "%00",
  "'; rm -rf *; '",
  "$(reboot)",
];

describe("rest hostile paths", () => {
  const rest = restAgent();
  let volume = "";
  const files = async () => (await readdir(dirname(rest.agent.directory), { recursive: true })).sort();

  before(async () => {
    volume = await rest.make("only");
  });

  for (const id of IDS) {
    const segment = id.replaceAll(" ", "%20").replaceAll("?", "%3f");
    it(`${id} is the id of nothing`, async () => {
      const before = await files();
      expectError(await rest.send("GET", `/volume/${segment}`), 404, 5);
      expectError(await rest.send("PUT", `/volume/${segment}?size=${2 * SIZE}`), 404, 5);
      expect((await rest.send("DELETE", `/volume/${segment}`)).status).to.equal(204);
      const place = `/attachment/node/${fakeVm(1).id}/volume/${segment}`;
      expectError(await rest.send("PUT", place), 404, 5);
      expect((await rest.send("DELETE", place)).status).to.equal(204);
      expect(await files(), "nothing deleted, nothing made").to.deep.equal(before);
      expect((await rest.send("GET", `/volume/${volume}`)).json).to.deep.include({ size: SIZE });
    });
  }

  for (const name of [
    "..",
    "%2e%2e",
    ".",
    "%2e%2e%2fx",
    "%2fetc%2fpasswd",
    "a%2fb",
    "..%5cx",
    "a%00b",
    "%2a",
    "a%3bb",
    "%ef%bf%bd",
    "x".repeat(129),
  ]) {
    it(`${name.slice(0, 30)} is no name: 400`, async () => {
      const before = await files();
      expectError(await rest.send("POST", `/volume/${name}?size=${SIZE}`), 400, 3, /name/);
      expect(await files()).to.deep.equal(before);
    });
  }

  it("a name or id of 12 kB reaches the rules", async () => {
    const long = "x".repeat(12 * 1024);
    expectError(await rest.send("POST", `/volume/${long}?size=${SIZE}`), 400, 3, /longer than 128 bytes/);
    const answer = await rest.send("GET", `/volume/${long}`);
    expectError(answer, 404, 5);
    expect(answer.text.length, "the answer does not repeat it all").to.be.below(1000);
    expect((await rest.send("DELETE", `/volume/${long}`)).status).to.equal(204);
  });

  for (const path of ["/volume/%zz", "/volume/%", "/volume/%ff", "/volume/%c0%ae%c0%ae"]) {
    it(`${path} can't be decoded: 400 in this API's form`, async () => {
      for (const method of ["GET", "DELETE"]) {
        expectError(await rest.send(method, path), 400, 3);
      }
      expectError(await rest.send("POST", `${path}?size=${SIZE}`), 400, 3);
    });
  }

  it("a segment beyond the limit is answered in this API's form", async () => {
    const { status, json } = await rest.send("GET", `/volume/${"x".repeat(13 * 1024)}`);
    expect(status).to.be.oneOf([400, 404, 414]);
    expect(json).to.have.property("code").that.is.a("number");
    expect(json).to.have.all.keys("code", "message");
  });

  for (const path of [
    "/",
    "/volume",
    "/volume/",
    "/volumes/x",
    "/volume/a/b",
    "/VOLUMES",
    "/v2/volumes",
    "/swagger",
  ]) {
    it(`${path} is not a route: 404 with code and message`, async () => {
      for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"]) {
        expectError(await rest.send(method, path), 404, 12);
      }
    });
  }
});

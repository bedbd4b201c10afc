import { expect } from "chai";
import fc from "fast-check";
import { fakeVm } from "../../../support/fake-host.ts";
import { http } from "../../../support/http.ts";
import { GUID, UNKNOWN } from "../fixture.ts";
import { envelopeOf, v1Agent } from "./fixture.ts";

describe("volumes API v1: what it refuses as a whole", () => {
  const rest = v1Agent();
  let uuid: string;
  before(async () => {
    uuid = await rest.create("there");
  });

  const at = { attach_to: { name: "x" }, at: "/x" };
  const cases: [string, string, string, unknown, number, number, RegExp][] = [
    ["no body", "POST", "/volumes", undefined, 400, 16, /body is missing/],
    ["broken JSON", "POST", "/volumes", "{", 400, 16, /not JSON/],
    ["a body that is a text", "POST", "/volumes", '"x"', 400, 7, /./],
    ["an empty batch", "POST", "/volumes", [], 400, 7, /without items/],
    ["too large a batch", "POST", "/volumes", Array(257).fill({ size_mb: 1 }), 400, 5, /at most 256/],
    ["an unknown parameter", "POST", "/volumes", { size_mb: 8, colour: "red" }, 400, 6, /colour/],
    [
      "an unknown parameter of one item",
      "POST",
      "/volumes",
      [{ size_mb: 8 }, { size: 8 }],
      400,
      6,
      /item 1: .*size/,
    ],
    ["no size", "POST", "/volumes", { name: "x" }, 400, 7, /size_mb is missing/],
    ["a size that is a text", "POST", "/volumes", { size_mb: "8" }, 400, 7, /size_mb/],
    ["a size that is no whole number", "POST", "/volumes", { size_mb: 1.5 }, 400, 7, /size_mb/],
    ["a size below one", "POST", "/volumes", { size_mb: 0 }, 400, 7, /size_mb/],
    ["too long a name", "POST", "/volumes", { size_mb: 8, name: "x".repeat(256) }, 400, 22, /name/],
    ["too many tags", "POST", "/volumes", { size_mb: 8, tags: Array(17).fill("a") }, 400, 5, /tags/],
    ["both ids", "PUT", "/volumes/attach", [{ name: "a", uuid: UNKNOWN, ...at }], 400, 17, /not both/],
    ["neither id", "PUT", "/volumes/attach", [at], 400, 13, /uuid or name is missing/],
    ["no instance", "PUT", "/volumes/attach", [{ name: "a", at: "/x" }], 400, 7, /attach_to is missing/],
    ["an id in local scope", "PUT", `/volumes/${UNKNOWN}/attach`, { name: "a", ...at }, 400, 6, /name/],
    ["a path that is no UUID", "GET", "/volumes/there", undefined, 400, 7, /uuid is not a UUID/],
    ["an unknown query parameter", "GET", "/volumes?colour=red", undefined, 400, 6, /colour/],
    ["a query that is neither true nor false", "GET", "/volumes?details=maybe", undefined, 400, 7, /details/],
    ["a count that is none", "GET", "/volumes/list?count=many", undefined, 400, 7, /count/],
    ["a state that there is not", "GET", "/volumes/list?state=lost", undefined, 400, 7, /state/],
    ["names in query and body", "GET", "/volumes?name=a", { name: "b" }, 400, 17, /query or in the body/],
    ["a deletion of nothing", "DELETE", "/volumes", undefined, 400, 13, /no volume is named/],
    ["a detachment of nothing", "PUT", "/volumes/detach", undefined, 400, 13, /no volume is named/],
    [
      "a change that does not fit",
      "PATCH",
      "/volumes",
      [{ name: "a", prop: "size_mb", op: "add", value: 1 }],
      400,
      7,
      /fit together/,
    ],
    ["a template", "GET", "/volumes/templates", undefined, 404, 1, /no templates/],
    ["an endpoint that there is not", "GET", "/instances", undefined, 404, 3, /has no GET/],
    ["another method", "POST", "/volumes/attach", [], 405, 2, /there is .*PUT/],
    ["a path that can't be decoded", "GET", "/volumes/%zz", undefined, 400, 16, /./],
  ];
  for (const [what, method, path, body, status, error, message] of cases) {
    it(`${what}: HTTP ${status}, error ${error}, and nothing is done`, async () => {
      const answer = await rest.ask(method, path, body);
      expect(answer, answer.message).to.include({ http: status, status: "error" });
      expect(answer.message).to.match(message);
      expect(answer.errors?.[0]).to.include({ status, error });
      expect(answer.data).to.deep.equal({ volumes: [] });
      const { text } = await http(rest.agent.url, "GET", "/volumes");
      expect(text.match(/"Name"/g), "only the one that was there").to.have.lengthOf(1);
    });
  }

  it("a missing and a wrong key: 401 and 403, in the envelope", async () => {
    for (const [key, status] of [
      [null, 401],
      ["wrong-key-0123456789", 403],
    ] as const) {
      const answer = await http(rest.agent.url, "GET", "/v1/volumes", { key });
      expect(answer.status).to.equal(status);
      expect(envelopeOf(answer).message).to.match(/API key/);
    }
  });

  it("a body that is too large", async () => {
    const answer = await rest.ask("POST", "/volumes", `{"size_mb":8,"name":"${"x".repeat(3 * 2 ** 20)}"}`);
    expect(answer).to.include({ http: 413, status: "error" });
  });

  it("nothing because of its content type, in which clients differ", async () => {
    for (const type of ["application/json; charset=utf-8", "text/plain", "application/octet-stream"]) {
      const answer = await http(rest.agent.url, "GET", "/v1/volumes", {
        headers: { "Content-Type": type },
        body: JSON.stringify([{ uuid }]),
      });
      expect(answer.status, answer.text).to.equal(200);
    }
  });

  it("any body without a fault or an answer of another form", async () => {
    const key = fc.constantFrom(
      "name",
      "uuid",
      "size_mb",
      "tags",
      "attach_to",
      "at",
      "from",
      "prop",
      "op",
      "value",
      "__proto__",
      "x",
    );
    const body = fc.oneof(
      fc.json(),
      fc.dictionary(key, fc.jsonValue()).map((object) => JSON.stringify(object)),
      fc.string(),
    );
    const place = fc.constantFrom(
      ["POST", "/volumes"],
      ["GET", "/volumes"],
      ["PUT", "/volumes/attach"],
      ["PUT", "/volumes/detach"],
      ["PATCH", "/volumes"],
      ["POST", "/volumes/clone"],
      ["DELETE", "/volumes"],
    );
    await fc.assert(
      fc.asyncProperty(place, body, async ([method = "", path = ""], text) => {
        const answer = await rest.ask(method, path, text);
        expect(answer.http).to.be.oneOf([200, 400]);
      }),
      { numRuns: 300 },
    );
  });

  it("mount points that are not absolute, or not what they seem", async () => {
    const valid = (path: string) =>
      path.startsWith("/") &&
      !/[:\u0000-\u001f]/.test(path) &&
      !path.split("/").some((part) => part === "." || part === "..");
    const path = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom("", ".", "..", "a", "...", ".a", "b.", ":", "data"))
        .map((parts) => `/${parts.join("/")}`),
    );
    await fc.assert(
      fc.asyncProperty(path, async (mountPoint) => {
        const item = { attach_to: { name: "nobody" }, at: mountPoint };
        const { http: status } = await rest.ask("PUT", `/volumes/${uuid}/attach`, item);
        expect(status, JSON.stringify(mountPoint)).to.equal(valid(mountPoint) ? 200 : 400);
      }),
      { numRuns: 200 },
    );
  });
});

describe("volumes API v1: instances", () => {
  const rest = v1Agent();

  it("of one name are never guessed at", async () => {
    const uuid = await rest.create("x");
    Object.assign(rest.agent.host.vms[1]!, { name: fakeVm(1).name });
    const [item] = await rest.items("PUT", `/volumes/${uuid}/attach`, {
      attach_to: { name: fakeVm(1).name },
      at: "/x",
    });
    expect(item).to.include({ error: 7 });
    expect(item?.message).to.match(/2 instances have the name/);
    expect(uuid).to.match(GUID);
  });
});

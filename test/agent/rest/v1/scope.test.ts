import { request } from "node:http";
import { expect } from "chai";
import { TEST_KEY } from "../../../support/agent.ts";
import { UNKNOWN } from "../fixture.ts";
import { v1Agent } from "./fixture.ts";

describe("volumes API v1: what a request asks for is done or refused, never left out", () => {
  const rest = v1Agent();
  let uuid: string;
  let other: string;
  before(async () => {
    uuid = await rest.create("one");
    other = await rest.create("other");
  });

  /** HTTP status and headers alone: an answer to HEAD has no more. */
  async function head(method: string, path: string) {
    const { hostname, port } = new URL(rest.agent.url);
    return await new Promise<{ status: number; allow: string | undefined }>((resolve, reject) => {
      const options = { hostname, port, method, path: `/v1${path}`, agent: false };
      const call = request({ ...options, headers: { "X-Api-Key": TEST_KEY } }, (answer) => {
        answer.resume();
        answer.once("end", () => {
          resolve({ status: answer.statusCode ?? 0, allow: answer.headers.allow });
        });
      });
      call.once("error", reject);
      call.end();
    });
  }

  for (const [method, path] of [
    ["DELETE", "/volumes/UUID"],
    ["GET", "/volumes/UUID"],
    ["GET", "/users/quotas"],
  ] as const) {
    it(`${method} ${path} takes no body that names something: error 6, or 16 for one that is no object`, async () => {
      const target = path.replace("UUID", uuid);
      for (const [body, error] of [
        [{ uuid: other }, 6],
        [{ name: "other" }, 6],
        [[{ uuid: other }], 16],
        ["{", 16],
      ] as const) {
        const answer = await rest.ask(method, target, body);
        expect(answer, answer.message).to.include({ http: 400, status: "error" });
        expect(answer.errors?.[0]?.error, JSON.stringify(body)).to.equal(error);
      }
      expect(await rest.items("GET", `/volumes?uuid=${uuid},${other}`)).to.have.lengthOf(2);
      expect(
        (await rest.items("GET", `/volumes?uuid=${uuid},${other}`)).map(({ error }) => error),
      ).to.deep.equal([undefined, undefined]);
    });
  }

  it("an empty body, {} and null are none", async () => {
    for (const body of ["", {}, "null"]) {
      expect((await rest.ask("GET", `/volumes/${uuid}`, body)).http, JSON.stringify(body)).to.equal(200);
    }
  });

  for (const filter of [
    "state=mounted",
    "persistent=false",
    "tags=x",
    "count=1",
    `from=${UNKNOWN}`,
    "order=desc",
  ]) {
    it(`${filter} is refused for volumes that are named: error 17`, async () => {
      for (const [path, body] of [
        [`/volumes?name=one&${filter}`, undefined],
        [`/volumes?${filter}`, [{ name: "one" }]],
      ] as const) {
        const answer = await rest.ask("GET", path, body);
        expect(answer).to.include({ http: 400, status: "error" });
        expect(answer.errors?.[0]?.error).to.equal(17);
        expect(answer.message).to.include(filter.split("=")[0]);
      }
    });
  }

  for (const [method, path, allow] of [
    ["DELETE", "/volumes/list", "GET"],
    ["GET", "/volumes/attach", "PUT"],
    ["PATCH", "/volumes/detach", "PUT"],
    ["DELETE", "/volumes/clone", "POST"],
    ["PUT", "/volumes", "POST, GET, DELETE, PATCH"],
    ["POST", "/volumes/UUID", "GET, HEAD, DELETE, PATCH"],
    ["TRACE", "/users/quotas", "GET, HEAD"],
  ] as const) {
    it(`${method} ${path}: HTTP 405, error 2, and which methods there are, whatever its body is`, async () => {
      const target = path.replace("UUID", uuid);
      const bare = await head(method, target);
      expect(bare.status).to.equal(405);
      expect(bare.allow?.split(", ").sort()).to.deep.equal(allow.split(", ").sort());
      if (method === "TRACE") return;
      for (const body of [undefined, "{", [{ name: "one" }]]) {
        const answer = await rest.ask(method, target, body);
        expect(answer).to.include({ http: 405, status: "error" });
        expect(answer.errors?.[0]).to.include({ status: 405, error: 2 });
      }
    });
  }

  it("HEAD of one volume and of the quotas is answered as their GET", async () => {
    expect((await head("HEAD", `/volumes/${uuid}`)).status).to.equal(200);
    expect((await head("HEAD", "/users/quotas")).status).to.equal(200);
  });

  it("templates are refused with error 1, whatever their body is", async () => {
    for (const [method, path] of [
      ["GET", "/volumes/templates"],
      ["POST", "/volumes/templates"],
      ["PATCH", "/volumes/templates"],
      ["DELETE", `/volumes/templates/${UNKNOWN}`],
    ] as const) {
      for (const body of [undefined, "{", [{ name: "t" }]]) {
        const answer = await rest.ask(method, path, body);
        expect(answer.errors?.[0], `${method} ${path}`).to.include({ status: 404, error: 1 });
      }
    }
  });

  it("an endpoint that there is not is told as that, with a body too", async () => {
    for (const body of [undefined, "{", { name: "one" }]) {
      const answer = await rest.ask("POST", "/instances", body);
      expect(answer.errors?.[0]).to.include({ status: 404, error: 3 });
    }
  });

  it("a clone in local scope needs no body", async () => {
    for (const body of [undefined, {}, "null", [{}]]) {
      const [clone] = await rest.items("POST", `/volumes/${uuid}/clone`, body);
      expect(clone, clone?.message).to.include({ status: "success", state: "available" });
      expect(clone?.name).to.match(/^vol-[a-z0-9]{5}$/);
      expect(clone?.uuid).not.to.equal(uuid);
    }
  });
});

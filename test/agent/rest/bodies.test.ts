import { expect } from "chai";
import { fakeVm } from "../../support/fake-host.ts";
import { expectError } from "../../support/http.ts";
import { restAgent, SIZE } from "./fixture.ts";

const TYPES = [
  undefined,
  "application/json",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "image/png",
  "rubbish",
];

describe("rest bodies", () => {
  const rest = restAgent();
  let made = 0;

  for (const type of TYPES) {
    for (const body of [undefined, "", "{}", "{ broken", '{"size":1}', "size=1"]) {
      it(`${body === undefined ? "none" : JSON.stringify(body)} of type ${type ?? "none"} changes nothing`, async () => {
        const headers = type === undefined ? {} : { "Content-Type": type };
        const options = body === undefined ? { headers } : { headers, body };
        const created = await rest.send("POST", `/volume/v${made++}?size=${SIZE}`, options);
        expect(created.status, created.text).to.equal(201);
        const { id } = created.json as { id: string };
        const place = `/attachment/node/${fakeVm(1).id}/volume/${id}`;
        for (const [method, path, status] of [
          ["PUT", `/volume/${id}?size=${2 * SIZE}`, 200],
          ["PUT", place, 204],
          ["DELETE", place, 204],
          ["DELETE", `/volume/${id}`, 204],
        ] as const) {
          const answer = await rest.send(method, path, options);
          expect(answer.status, `${method} ${answer.text}`).to.equal(status);
        }
      });
    }
  }

  it("may not be large", async () => {
    const answer = await rest.send("POST", `/volume/large?size=${SIZE}`, { body: "x".repeat(65 * 1024) });
    expectError(answer, 400, 3);
    expectError(await rest.send("GET", "/volume/large"), 404, 5);
  });
});

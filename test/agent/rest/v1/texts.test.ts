import { expect } from "chai";
import fc from "fast-check";
import { parseQuery } from "../../../../src/agent/rest/query.ts";
import { parseJsonBody } from "../../../../src/agent/rest/v1/json-body.ts";
import { queryValues } from "../../../../src/agent/rest/v1/query-values.ts";
import { VolumesApiError } from "../../../../src/agent/rest/v1/refusals.ts";
import { randomName, withFreeName } from "../../../../src/agent/rest/v1/volume-names.ts";
import { rejection } from "../../../support/failure.ts";

/** The refusal that a function throws; fails for anything else. */
function refusalBy(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof VolumesApiError) return error.refusal;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("volumes API v1: texts of requests", () => {
  const properties = {
    name: { type: "array" },
    uuid: { type: "array" },
    details: { type: "boolean" },
    count: { type: "integer" },
    state: {},
  };

  it("lists are the same however they are written: with commas, repeated, or both", () => {
    const name = fc.string({ minLength: 1 }).filter((text) => !text.includes(",") && text.isWellFormed());
    const groups = fc.array(fc.array(name, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(groups, (lists) => {
        const text = lists.map((list) => `name=${list.map(encodeURIComponent).join(",")}`).join("&");
        expect(queryValues(parseQuery(text), properties)).to.deep.equal({ name: lists.flat() });
        const escaped = lists.map((list) => `name=${encodeURIComponent(list.join(","))}`).join("&");
        expect(queryValues(parseQuery(escaped), properties)).to.deep.equal({ name: lists.flat() });
      }),
    );
  });

  it("an empty part of a list stays, to be refused", () => {
    expect(queryValues(parseQuery("name=a,,b&name="), properties)).to.deep.equal({
      name: ["a", "", "b", ""],
    });
  });

  it("whole numbers and flags are read exactly, all else is refused", () => {
    fc.assert(
      fc.property(fc.integer(), (count) => {
        expect(queryValues({ count: String(count) }, properties)).to.deep.equal({ count });
      }),
    );
    fc.assert(
      fc.property(
        fc.string().filter((text) => !/^-?\d{1,15}$/.test(text)),
        (count) => {
          expect(refusalBy(() => queryValues({ count }, properties))).to.equal("INVALID");
        },
      ),
    );
    expect(queryValues({ details: "false" }, properties)).to.deep.equal({ details: false });
    for (const details of ["", "0", "1", "True", "yes", "null", ["true", "true"]]) {
      expect(refusalBy(() => queryValues({ details }, properties))).to.equal("INVALID");
    }
  });

  it("a parameter that the schema does not have keeps its text and its place, also one of every object", () => {
    for (const name of ["colour", "constructor", "__proto__"]) {
      const values = queryValues(parseQuery(`name=a&${name}=x`), properties);
      expect(Object.entries(values)).to.deep.equal([
        ["name", ["a"]],
        [name, "x"],
      ]);
    }
  });

  it("a body is the JSON that was sent, or is refused", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseJsonBody(Buffer.from(text))).to.deep.equal((JSON.parse(text) as unknown) ?? undefined);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
        let expected: unknown;
        try {
          expected = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
        } catch {
          expect(refusalBy(() => parseJsonBody(Buffer.from(bytes)))).to.equal("MALFORMED");
          return;
        }
        expect(parseJsonBody(Buffer.from(bytes))).to.deep.equal(expected ?? undefined);
      }),
    );
    expect(parseJsonBody(Buffer.from(""))).to.equal(undefined);
    expect(refusalBy(() => parseJsonBody(Buffer.from([0x22, 0xff, 0x22])))).to.equal("MALFORMED");
  });

  it("a random name that is taken is followed by another, and one after many failures by none", async () => {
    const tried: string[] = [];
    const names = ["vol-aaaaa", "vol-bbbbb", "vol-ccccc"];
    const made = await withFreeName(
      (name) => {
        tried.push(name);
        return Promise.resolve(name === "vol-ccccc" ? name : undefined);
      },
      () => names[tried.length] ?? "",
    );
    expect([made, tried]).to.deep.equal(["vol-ccccc", names]);
    const refusal = await rejection(withFreeName(() => Promise.resolve(undefined)));
    expect(refusal).to.be.instanceOf(VolumesApiError).with.property("refusal", "NONE_FREE");
    for (let each = 0; each < 100; each++) expect(randomName()).to.match(/^vol-[a-z0-9]{5}$/);
  });
});

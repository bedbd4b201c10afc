import { expect } from "chai";
import fc from "fast-check";
import { Shelf } from "../../../../src/agent/engine/catalog/shelf.ts";
import { thrownBy } from "../../../support/failure.ts";

/** Few ids, so that operations meet. */
const ids = Array.from(
  { length: 24 },
  (_, index) => `${(index * 7).toString(16).padStart(8, "0")}-aaaa-4bbb-8ccc-0123456789ab`,
);
const itemOf = (id: string, size = 1n) => ({ id, name: `name-${id}`, pool: "default", size });
/** A shelf that a pool was read into. */
function shelfOf(items: Iterable<ReturnType<typeof itemOf>>): Shelf<ReturnType<typeof itemOf>> {
  const shelf = new Shelf<ReturnType<typeof itemOf>>();
  shelf.replacePool("default", items);
  return shelf;
}
const id = fc.constantFrom(...ids);

type Step =
  | { readonly kind: "put"; readonly id: string; readonly size: bigint }
  | { readonly kind: "remove"; readonly id: string }
  | { readonly kind: "page"; readonly entries: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), id, size: fc.bigInt({ min: 1n, max: 9n }) }),
  fc.record({ kind: fc.constant("remove" as const), id }),
  fc.record({ kind: fc.constant("page" as const), entries: fc.integer({ min: 0, max: 5 }) }),
);

describe("a shelf of the catalog", () => {
  it("answers as a sorted list of items would, while items come and go between pages", () => {
    fc.assert(
      fc.property(fc.uniqueArray(id), fc.array(step, { maxLength: 120 }), (initial, steps) => {
        const model = new Map(initial.map((each) => [each, itemOf(each)]));
        const shelf = shelfOf(model.values());
        let token: string | undefined;
        let after = "";
        for (const each of steps) {
          if (each.kind === "put") {
            model.set(each.id, itemOf(each.id, each.size));
            shelf.put(itemOf(each.id, each.size));
          } else if (each.kind === "remove") {
            model.delete(each.id);
            shelf.remove(each.id);
          } else {
            const page = shelf.page(each.entries, token);
            const rest = [...model.values()]
              .filter((item) => item.id > after)
              .sort((a, b) => (a.id < b.id ? -1 : 1));
            const expected = each.entries === 0 ? rest : rest.slice(0, each.entries);
            expect(page.items).to.deep.equal(expected);
            expect(page.nextToken === undefined).to.equal(expected.length === rest.length);
            token = page.nextToken;
            after = token === undefined ? "" : expected.at(-1)!.id;
          }
          expect(shelf.size).to.equal(model.size);
        }
        for (const each of ids) {
          expect(shelf.byId(each)).to.deep.equal(model.get(each));
          expect(shelf.byName(`name-${each}`)).to.deep.equal(model.get(each));
        }
        expect(shelf.page(0, undefined).items.map((item) => item.id)).to.deep.equal([...model.keys()].sort());
      }),
      { numRuns: 500 },
    );
  });

  it("gives every item that stays exactly once, whatever comes and goes between the pages", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(id, { minLength: 1 }),
        fc.array(id),
        fc.integer({ min: 1, max: 4 }),
        (staying, moving, entries) => {
          const others = moving.filter((each) => !staying.includes(each));
          const shelf = shelfOf(staying.map((each) => itemOf(each)));
          const seen: string[] = [];
          let token: string | undefined;
          do {
            const page = shelf.page(entries, token);
            seen.push(...page.items.map((item) => item.id));
            token = page.nextToken;
            const mover = others.pop();
            if (mover !== undefined) {
              if (shelf.byId(mover) === undefined) shelf.put(itemOf(mover));
              else shelf.remove(mover);
            }
          } while (token !== undefined);
          expect(seen.filter((each) => staying.includes(each))).to.deep.equal([...staying].sort());
          expect(new Set(seen).size).to.equal(seen.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("refuses a token that no page gave out", () => {
    const shelf = shelfOf([itemOf(ids[0]!)]);
    for (const token of [
      "",
      "v1-",
      "x",
      ids[0]!,
      `v2-${ids[0]!}`,
      `v1-${ids[0]!.toUpperCase()}x`,
      "v1-../../etc",
    ]) {
      expect(
        thrownBy(() => shelf.page(1, token)),
        token,
      ).to.include({ code: "ABORTED" });
    }
  });

  it("gives no token for a last page that is full", () => {
    const shelf = shelfOf(ids.slice(0, 4).map((each) => itemOf(each)));
    const first = shelf.page(2, undefined);
    expect(shelf.page(2, first.nextToken).nextToken).to.equal(undefined);
  });
});

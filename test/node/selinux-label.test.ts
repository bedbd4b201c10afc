import { expect } from "chai";
import fc from "fast-check";
import { hasLabel, labelIn } from "../../src/node/selinux-label.ts";

const type = "system_u:object_r:container_file_t";

describe("an SELinux label", () => {
  it("is that of the option context=, with or without quotes, and of no other", () => {
    expect(labelIn(["rw", `context="${type}:s0:c1,c2"`, "seclabel"])).to.equal(`${type}:s0:c1,c2`);
    expect(labelIn([`context=${type}:s0`])).to.equal(`${type}:s0`);
    for (const other of ["fscontext", "defcontext", "rootcontext"]) {
      expect(labelIn(["rw", `${other}=${type}:s0`, "noatime"])).to.equal(undefined);
    }
    expect(labelIn([])).to.equal(undefined);
  });

  for (const [one, other] of [
    ["s0:c1,c2", "s0:c2,c1"],
    ["s0:c1,c2", "s0:c1.c2"],
    ["s0:c1,c2,c3,c7", "s0:c7,c1.c3"],
    ["s0", "s0-s0"],
    ["s0:c5", "s0:c5,c5"],
    ["s0-s0:c0.c1023", "s0-s0:c0.c500,c400.c1023"],
    ["s0:c01", "s0:c1"],
  ] as const) {
    it(`is the same as ${one} and as ${other}`, () => {
      expect(hasLabel(`${type}:${one}`, `${type}:${other}`)).to.equal(true);
    });
  }

  for (const [one, other] of [
    [`${type}:s0:c1,c2`, `${type}:s0:c1,c3`],
    [`${type}:s0:c1,c2`, `${type}:s0:c1.c3`],
    [`${type}:s0:c1,c2`, `${type}:s0`],
    [`${type}:s0`, `${type}:s0-s0:c0.c1023`],
    [`${type}:s0`, type],
    [`${type}:s0`, "system_u:object_r:svirt_file_t:s0"],
    [`${type}:s0`, "user_u:object_r:container_file_t:s0"],
    [`${type}:s0:secret`, `${type}:s0:public`],
    [`${type}:s0`, undefined],
    ["", `${type}:s0`],
  ] as const) {
    it(`of a mount is ${one === "" ? "none" : one}, which is not ${other ?? "none"}`, () => {
      expect(hasLabel(one, other)).to.equal(false);
    });
  }

  it("of none is what was asked for when none was; where there is no SELinux, any is", () => {
    expect(hasLabel("", undefined)).to.equal(true);
    expect(hasLabel(undefined, `${type}:s0`)).to.equal(true);
    expect(hasLabel(undefined, undefined)).to.equal(true);
  });

  it("is known by the categories that it has, however they are written", () => {
    const sets = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sets, sets, fc.infiniteStream(fc.integer({ min: 0, max: 1 })), (one, other, choices) => {
        const written = (categories: readonly number[]) =>
          `${type}:s0:${categories.map((n) => `c${n}`).join()}`;
        const asRanges = one.map((n) =>
          choices.next().value === 1 && one.includes(n + 1) ? `c${n}.c${n + 1}` : `c${n}`,
        );
        expect(hasLabel(written(one), `${type}:s0:${asRanges.join()}`)).to.equal(true);
        const same = one.length === other.length && one.every((n) => other.includes(n));
        expect(hasLabel(written(one), written(other))).to.equal(same);
      }),
    );
  });

  it("is compared whatever the text", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(hasLabel(one, one)).to.equal(true);
        expect(hasLabel(one, other)).to.equal(hasLabel(other, one));
      }),
    );
  });
});

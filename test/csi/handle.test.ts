import { expect } from "chai";
import fc from "fast-check";
import { formatHandle, isGroupName, parseHandle, parseNodeId, requireHandle } from "../../src/csi/handle.ts";
import { thrownBy } from "../support/failure.ts";

const ID = "11111111-2222-4333-8444-5555aaaabbbb";
const groupName = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);

const HOSTILE = [
  "",
  "/",
  "x",
  "..",
  `../${ID}`,
  `/${ID}`,
  `${ID}/`,
  `a/b/${ID}`,
  `a//${ID}`,
  `A/${ID}`,
  `-a/${ID}`,
  `a-/${ID}`,
  `a_b/${ID}`,
  `a.b/${ID}`,
  `ü/${ID}`,
  `${"a".repeat(64)}/${ID}`,
  `a/${ID}\n`,
  `a/${ID}\u0000`,
  ` a/${ID}`,
  `a/{${ID}}`,
  `a/${ID.slice(1)}`,
  `a/${ID}0`,
  `a/${ID.replaceAll("-", "")}`,
  `a/${ID.replace("1", "g")}`,
  `a/${ID.replace("1", "١")}`,
  `a\n/${ID}`,
  "a".repeat(100_000),
];

describe("csi handle", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(groupName, fc.uuid(), (group, id) => {
        expect(parseHandle(formatHandle(group, id))).to.deep.equal({ group, id });
      }),
    );
  });

  it("has its id in lower case, however it was spelled", () => {
    fc.assert(
      fc.property(groupName, fc.uuid(), (group, id) => {
        expect(parseHandle(formatHandle(group, id.toUpperCase()))).to.deep.equal({ group, id });
        expect(parseHandle(id.toUpperCase())).to.deep.equal({ group: undefined, id });
      }),
    );
  });

  it("without a group may be in any", () => {
    expect(requireHandle(ID)).to.deep.equal({ group: undefined, id: ID });
  });

  for (const text of HOSTILE) {
    it(`is not ${JSON.stringify(text.slice(0, 60))}`, () => {
      expect(parseHandle(text)).to.equal(undefined);
      const error = thrownBy(() => requireHandle(text));
      expect(error.code).to.equal("NOT_FOUND");
      expect(error.message.length).to.be.below(200);
    });
  }

  it("is never read from other text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const handle = parseHandle(text);
        if (handle === undefined) return;
        const { group, id } = handle;
        expect(group === undefined ? id : formatHandle(group, id)).to.equal(text.toLowerCase());
      }),
      { numRuns: 1000 },
    );
  });
});

describe("csi node id", () => {
  it("is a GUID in lower case", () => {
    expect(parseNodeId(ID)).to.equal(ID);
    expect(parseNodeId(ID.toUpperCase())).to.equal(ID);
  });

  for (const text of ["", "node-1", "..", `{${ID}}`, `${ID}\n`, ` ${ID}`, `a/${ID}`, "x".repeat(100_000)]) {
    it(`is not ${JSON.stringify(text.slice(0, 60))}`, () => {
      expect(parseNodeId(text)).to.equal(undefined);
    });
  }
});

describe("csi group name", () => {
  it("is a DNS label", () => {
    fc.assert(
      fc.property(groupName, (name) => {
        expect(isGroupName(name)).to.equal(true);
      }),
    );
    for (const name of ["", "-", "a-", "A", "a b", "a/b", "a.b", "a".repeat(64), "a\n"]) {
      expect(isGroupName(name), name).to.equal(false);
    }
    expect(isGroupName("a".repeat(63))).to.equal(true);
  });
});

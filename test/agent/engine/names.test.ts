import { randomUUID } from "node:crypto";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { checkDiskName, isGuid, MAX_NAME_BYTES, parseDiskFile } from "../../../src/agent/engine/names.ts";
import { thrownBy } from "../../support/failure.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const anyName = fc.oneof(
  fc.string({ unit: "binary", maxLength: 140 }),
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.stringMatching(/^[./\\;a-zA-Z0-9 :-]{1,20}$/),
  fc.constantFrom("..", ".", "pvc-1", "a/../b", "CON", "x;y", "é", "日本語"),
);
const guid = fc.uuid();
const accepted = (name: string) => {
  try {
    checkDiskName("volume", name);
    return true;
  } catch {
    return false;
  }
};

describe("volume names", () => {
  const path = temporaryDirectory();

  it("that are accepted make a path directly inside the pool, and come back from it", () => {
    fc.assert(
      fc.property(anyName, guid, (name, id) => {
        fc.pre(accepted(name));
        const file = resolve(join("/pool", `${name};${id}.vhdx`));
        expect(dirname(file)).to.equal("/pool");
        expect(parseDiskFile(file.slice("/pool/".length))).to.deep.equal({ name, id, kind: "disk" });
        expect(Buffer.byteLength(`${name};${id}.vhdx`)).to.be.at.most(255);
      }),
      { numRuns: 2000 },
    );
  });

  it("that are accepted can be names of real files, and are read back as they were", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        fc.pre(accepted(name));
        const file = `${name};${randomUUID()}.vhdx`;
        writeFileSync(path(file), "");
        expect(readdirSync(path())).to.deep.equal([file]);
        rmSync(path(file));
      }),
      { numRuns: 200 },
    );
  });

  it("of every kind that orchestrators and people give are accepted", () => {
    const good = [
      "pvc-0f1e2d3c-aaaa-bbbb-cccc-0123456789ab",
      "a",
      "Data disk 1",
      "x.y_z",
      "日本語",
      "con1",
      "com",
      "a".repeat(MAX_NAME_BYTES),
    ];
    for (const name of good)
      expect(() => {
        checkDiskName("volume", name);
      }, name).not.to.throw();
  });

  const hostile: [why: string, name: string][] = [
    ["is missing", ""],
    ["is longer than 128 bytes", "a".repeat(MAX_NAME_BYTES + 1)],
    ["is longer than 128 bytes", "é".repeat(65)],
    ["is not valid Unicode", "a\ud800"],
    ["can't hold", "../escape"],
    ["can't hold", "a/b"],
    ["can't hold", "a\\b"],
    ["can't hold", "a;b"],
    ["can't hold", "a:stream"],
    ["can't hold", "a\0b"],
    ["can't hold", "a\nb"],
    ["can't hold", "a\u0085b"],
    ["can't hold", "a*"],
    ["can't hold", 'a"b'],
    ["can't hold", "broken\ufffd"],
    ["begins or ends", ".hidden"],
    ["begins or ends", ".."],
    ["begins or ends", "ends."],
    ["begins or ends", "ends "],
    ["begins or ends", " begins"],
    ["device name", "CON"],
    ["device name", "nul.txt"],
    ["device name", "Lpt1 .log"],
    ["device name", "COM¹"],
  ];
  for (const [why, name] of hostile) {
    it(`like ${JSON.stringify(name.slice(0, 20))} are refused: the name ${why}`, () => {
      const error = thrownBy(() => {
        checkDiskName("volume", name);
      });
      expect(error.code).to.equal("INVALID_ARGUMENT");
      expect(error.message).to.include(why);
    });
  }

  it("are taken apart at the last semicolon, with the id in lower case", () => {
    const id = randomUUID();
    expect(parseDiskFile(`a;b;${id}.vhdx`)).to.deep.equal({ name: "a;b", id, kind: "disk" });
    expect(parseDiskFile(`a;b;${id}.json`)).to.deep.equal({ name: "a;b", id, kind: "record" });
    expect(parseDiskFile(`A;${id.toUpperCase()}.VHDX`)).to.deep.equal({ name: "A", id, kind: "disk" });
  });

  it("are not seen in files of another layout", () => {
    const id = randomUUID();
    const others = [
      "",
      `${id}.vhdx`,
      `;${id}.vhdx`,
      `a;${id}`,
      `a;${id}.json.tmp`,
      `a;${id}.avhdx`,
      `a;${id}.vhdx.tmp`,
      `a;${id.slice(1)}.vhdx`,
      `a;{${id}}.vhdx`,
      `a_${id}.avhdx`,
      `a; ${id}.vhdx`,
    ];
    for (const file of others) expect(parseDiskFile(file), file).to.equal(undefined);
  });

  it("are told from ids, which are lower-case GUIDs alone", () => {
    fc.assert(fc.property(guid, (id) => isGuid(id)));
    for (const text of [
      "",
      randomUUID().toUpperCase(),
      `${randomUUID()}\n`,
      ` ${randomUUID()}`,
      "0".repeat(36),
    ]) {
      expect(isGuid(text), text).to.equal(false);
    }
  });
});

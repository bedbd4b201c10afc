import { stat, writeFile } from "node:fs/promises";
import { expect } from "chai";
import fc from "fast-check";
import { digestOf } from "../../../src/agent/access/access-key.ts";
import { makeKeyFile, readKeyFile } from "../../../src/agent/access/key-file.ts";
import { KeyRing } from "../../../src/agent/access/key-ring.ts";
import { readTextFile } from "../../../src/kit/config.ts";
import { expectFailure } from "../../support/failure.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const GOOD = "0123456789abcdef";

describe("API key file", () => {
  const path = temporaryDirectory();

  async function read(text: string) {
    await writeFile(path("keys.yaml"), text);
    return await readKeyFile(path("keys.yaml"));
  }

  it("may hold one key alone, which may do everything", async () => {
    const keys = await read(`\n  ${GOOD} \r\n`);
    expect(keys).to.deep.equal([{ name: "default", role: "admin", digest: digestOf(GOOD) }]);
  });

  it("may hold several, named and with roles, as text or digest", async () => {
    const sha256 = digestOf("prometheus-key-0123456789").toString("hex");
    const keys = await read(
      `keys:\n  - {name: controller, role: operate, key: ${GOOD}}\n  - {name: prometheus, role: read, sha256: ${sha256.toUpperCase()}}\n`,
    );
    const ring = new KeyRing(keys);
    expect(ring.find(GOOD)).to.include({ name: "controller", role: "operate" });
    expect(ring.find("prometheus-key-0123456789")).to.include({ name: "prometheus", role: "read" });
    expect(ring.find(sha256), "a digest is no key").to.equal(undefined);
  });

  for (const [what, text, message] of [
    ["a key that is too short", "keys: [{name: a, role: read, key: short}]", /key a is shorter than 16/],
    [
      "a role that there is not",
      `keys:\n- name: a\n  role: root\n  key: ${GOOD}`,
      /keys\.yaml:3: keys\.0\.role must be one of read, operate, admin/,
    ],
    [
      "a stranger",
      `keys:\n- name: a\n  role: read\n  key: ${GOOD}\n  user: b`,
      /keys\.yaml:5: keys\.0\.user is not known here/,
    ],
    [
      "two of one name",
      `keys: [{name: a, role: read, key: ${GOOD}}, {name: a, role: read, key: ${GOOD}1}]`,
      /two keys are called a/,
    ],
    ["neither key nor digest", "keys: [{name: a, role: read}]", /key a needs one of key and sha256/],
    ["no keys", "keys: []", /keys must not have fewer than 1 items/],
    ["broken YAML", "keys: [", /keys\.yaml:1: /],
    [
      "a key with a line break",
      `keys: [{name: a, role: read, key: "${GOOD}\\n"}]`,
      /characters that a header can't carry/,
    ],
    ["a short key alone", "0123456789abcde\n", /shorter than 16/],
    ["nothing", "", /shorter than 16/],
  ] as const) {
    it(`is refused with ${what}, without showing a key`, async () => {
      const error = await read(text).then(
        () => expect.fail("it was read"),
        (thrown: unknown) => thrown as Error,
      );
      expect(error.message).to.match(message);
      expect(error.message).not.to.contain(GOOD.slice(0, 10));
    });
  }

  it("is missed with the way to make one", async () => {
    await expectFailure(
      readKeyFile(path("none")),
      "FAILED_PRECONDITION",
      /none does not exist; make one with/,
    );
  });

  it("is made once, for its owner only", async () => {
    await makeKeyFile(path("made"));
    const key = await readTextFile(path("made"));
    expect(key).to.match(/^[0-9a-f]{64}\n$/);
    expect((await stat(path("made"))).mode & 0o777).to.equal(0o600);
    await makeKeyFile(path("made"));
    expect(await readTextFile(path("made"))).to.equal(key);
    await makeKeyFile(path("other"));
    expect(await readTextFile(path("other"))).not.to.equal(key);
  });
});

describe("key ring", () => {
  it("finds exactly its keys", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 1 }), fc.string(), (texts, sent) => {
        const ring = new KeyRing(
          texts.map((text, index) => ({ name: String(index), role: "read", digest: digestOf(text) })),
        );
        for (const [index, text] of texts.entries()) expect(ring.find(text)?.name).to.equal(String(index));
        expect(ring.find(sent) !== undefined).to.equal(texts.includes(sent));
      }),
    );
  });
});

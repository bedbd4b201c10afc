import { mkdir, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { expect } from "chai";
import { readProfile, usualProfilesFile } from "../../../src/commands/operator/profiles.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { refused } from "../../support/refused.ts";

const several = `
current: prod
profiles:
  prod:
    url: https://host-1:8443
    keyFile: keys/prod.key
    caFile: ../ca.pem
  test:
    url: http://127.0.0.1:8080/
    keyFile: /etc/keys/test.key
`;

describe("operator's commands, profiles", () => {
  const path = temporaryDirectory();
  before(() => mkdir(path("own")));

  it("are chosen by name, else the current one", async () => {
    await writeFile(path("own", "config.yaml"), several);
    const prod = { url: "https://host-1:8443", keyFile: path("own/keys/prod.key"), caFile: path("ca.pem") };
    expect(await readProfile(path("own", "config.yaml"), undefined)).to.deep.equal(prod);
    expect(await readProfile(path("own", "config.yaml"), "prod")).to.deep.equal(prod);
    expect(await readProfile(path("own", "config.yaml"), "test")).to.deep.equal({
      url: "http://127.0.0.1:8080/",
      keyFile: "/etc/keys/test.key",
    });
  });

  it("have paths relative to their file, however that is named", async () => {
    const file = relative(process.cwd(), path("own", "config.yaml"));
    expect(await readProfile(file, "prod")).to.include({ keyFile: path("own/keys/prod.key") });
  });

  it("need no choice where there is one", async () => {
    await writeFile(path("only"), "profiles: {a: {url: http://a, keyFile: k}}");
    expect(await readProfile(path("only"), undefined)).to.include({ url: "http://a" });
  });

  it("live where the XDG specification has them", () => {
    const outside = process.env["XDG_CONFIG_HOME"];
    try {
      process.env["XDG_CONFIG_HOME"] = "/x";
      expect(usualProfilesFile()).to.equal("/x/hyperv-csi/config.yaml");
      process.env["XDG_CONFIG_HOME"] = "";
      expect(usualProfilesFile()).to.match(/\/\.config\/hyperv-csi\/config\.yaml$/);
    } finally {
      if (outside === undefined) delete process.env["XDG_CONFIG_HOME"];
      else process.env["XDG_CONFIG_HOME"] = outside;
    }
  });

  const two = "{a: {url: http://a, keyFile: k}, b: {url: http://b, keyFile: k}}";
  const bad: readonly (readonly [title: string, text: string, message: RegExp, name?: string])[] = [
    ["no choice", `profiles: ${two}`, /bad has no current profile; choose one with --profile: a, b$/],
    ["a name that is not there", `profiles: ${two}`, /bad has no profile "c"; there are: a, b$/, "c"],
    ["a name of JavaScript's own", `profiles: ${two}`, /no profile "constructor"/, "constructor"],
    ["a current one that is not there", `current: c\nprofiles: ${two}`, /no profile "c"/],
    ["no profiles at all", "profiles: {}", /bad has no profile$/],
    ["nothing", "", /bad:1: the file /],
    ["a list", "- a", /bad:1: the file /],
    ["broken YAML", "profiles:\n  a: {url: [}", /bad:2: /],
    [
      "no address",
      "profiles:\n  a:\n    url: host\n    keyFile: k",
      /bad:3: profiles\.a\.url is not an address/,
    ],
    [
      "a path in the address",
      "profiles:\n  a: {url: http://a/b, keyFile: k}",
      /bad:2: profiles\.a\.url is not/,
    ],
    [
      "a password in the address",
      "profiles:\n  a: {url: http://u:p@a, keyFile: k}",
      /profiles\.a\.url is not/,
    ],
    ["no key file", "profiles:\n  a:\n    url: http://a", /bad:3: profiles\.a needs keyFile/],
    [
      "a key itself",
      "profiles:\n  a:\n    url: http://a\n    key: x",
      /bad:4: profiles\.a\.key is not known here/,
    ],
    ["a mistyped word", `curent: a\nprofiles: ${two}`, /bad:1: curent is not known here/],
    [
      "several mistakes",
      "x: 1\ny: 2\nprofiles: {}",
      /^[^\n]*bad:1: x is not known here; .*bad:2: y is not[^\n]*$/,
    ],
  ];
  for (const [title, text, message, name] of bad) {
    it(`are refused with the place of the error: ${title}`, async () => {
      await writeFile(path("bad"), text);
      await refused(readProfile(path("bad"), name), "INVALID_ARGUMENT", message);
    });
  }

  it("that can't be read are named", async () => {
    await refused(readProfile(path("missing"), "a"), "INVALID_ARGUMENT", /missing can't be read: ENOENT/);
    await refused(readProfile(path("own"), "a"), "INVALID_ARGUMENT", /own can't be read: EISDIR/);
  });
});

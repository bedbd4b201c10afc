import { expect } from "chai";
import fc from "fast-check";
import { canBeMountPoint, windowsPaths } from "../../../src/node/windows/paths.ts";

const { canonical, areSame } = windowsPaths;

describe("paths on Windows", () => {
  const kubelet = String.raw`C:\var\lib\kubelet\pods\1f\volumes\kubernetes.io~csi\pvc-1\mount`;

  it("are those of kubelet in whatever form it gives them", () => {
    for (const text of [
      kubelet,
      kubelet.replaceAll("\\", "/"),
      kubelet.replace("C:", "c:"),
      kubelet.slice(2),
      kubelet.slice(2).replaceAll("\\", "/"),
      `${kubelet}\\`,
      `\\\\?\\${kubelet}`,
      `//?/${kubelet.replaceAll("\\", "/")}`,
      kubelet.replace("\\pods\\", "\\\\pods\\.\\"),
    ]) {
      expect(canonical(text), text).to.equal(kubelet);
    }
    expect(canonical(String.raw`d:\kubelet\x`)).to.equal(String.raw`D:\kubelet\x`);
    expect(canonical(String.raw`C:\Ünter lagen\名前`)).to.equal(String.raw`C:\Ünter lagen\名前`);
  });

  for (const text of [
    "",
    "C:",
    "C:\\",
    "\\",
    "/",
    "C:relative",
    "relative",
    ".\\a",
    "C:\\a\\..\\b",
    "\\..\\a",
    "\\\\server\\share\\a",
    "//server/share/a",
    "\\\\?\\UNC\\server\\share\\a",
    "\\\\?\\Volume{4c1b02c1-d990-11dc-99ae-806e6f6e6963}\\a",
    "\\\\?\\GLOBALROOT\\Device\\HarddiskVolume1\\a",
    "\\\\.\\PhysicalDrive0",
    "\\\\.\\C:\\a",
    "\\??\\C:\\a",
    "\\\\?\\\\C:\\a",
    "1:\\a",
    "CC:\\a",
    "C:\\a\0b",
    "C:\\a\nb",
    "C:\\a:stream",
    "C:\\a\\b:$DATA",
    "C:\\a*",
    "C:\\a?",
    'C:\\a"b',
    "C:\\a<b",
    "C:\\a|b",
    "C:\\a.",
    "C:\\a ",
    "C:\\a .\\b",
    "C:\\...\\b",
    "C:\\a\\NUL",
    "C:\\a\\con",
    "C:\\a\\Com1.txt",
    "C:\\a\\lpt²",
    "C:\\a\\aux .x",
    "C:\\a\\CONIN$",
    `C:\\${"a".repeat(32_767)}`,
  ]) {
    it(`are not ${JSON.stringify(text.slice(0, 60))}`, () => {
      expect(canonical(text)).to.equal(undefined);
    });
  }

  it("may be named nearly as devices", () => {
    for (const name of ["console", "nulls", "com", "com10", "a.con", "lpt", "auxiliary.txt"]) {
      expect(canonical(`C:\\${name}`)).to.equal(`C:\\${name}`);
    }
  });

  const anything = fc.string({
    unit: fc.constantFrom(
      "\\",
      "/",
      ".",
      ":",
      "?",
      "C",
      "c",
      "d",
      " ",
      "a",
      "ä",
      "*",
      "\0",
      "UNC",
      "Volume{x}",
      "nul",
    ),
    maxLength: 14,
  });

  it("are absolute, name a drive and mean what they say, or are refused", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const path = canonical(text);
        if (path === undefined) return;
        expect(path).to.match(/^[A-Z]:\\[^\\]/);
        expect(path).not.to.match(/[/*?\0]|\\\\|\\$/);
        for (const part of path.slice(3).split("\\")) {
          expect(part).not.to.match(/^\.{1,2}$|[. ]$|:/);
          expect(part.toLowerCase()).not.to.equal("nul");
        }
      }),
      { numRuns: 5000 },
    );
  });

  it("are in their one form already, once they are", () => {
    fc.assert(
      fc.property(anything, (text) => {
        const path = canonical(text);
        if (path === undefined) return;
        expect(canonical(path)).to.equal(path);
        expect(canonical(`\\\\?\\${path}`)).to.equal(path);
        expect(canonical(`${path.replaceAll("\\", "/")}/`)).to.equal(path);
      }),
      { numRuns: 5000 },
    );
  });

  it("are the same in any case, letter by letter", () => {
    expect(areSame(kubelet, kubelet.toUpperCase())).to.equal(true);
    expect(areSame("C:\\ÄÖ é", "C:\\äö É")).to.equal(true);
    expect(areSame("C:\\a", "C:\\b")).to.equal(false);
    expect(areSame("C:\\a", "D:\\a")).to.equal(false);
    // NTFS has no sharp s in upper case, and keeps these apart from s and i.
    expect(areSame("C:\\ß", "C:\\ss")).to.equal(false);
    expect(areSame("C:\\ſ", "C:\\s")).to.equal(false);
    expect(areSame("C:\\ı", "C:\\i")).to.equal(false);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "A", "é", "É", "\\") }), (text) => {
        expect(areSame(text, text.toUpperCase())).to.equal(true);
        expect(areSame(text.toLowerCase(), text)).to.equal(true);
      }),
    );
  });

  it("can have a volume shown in them up to the length that Windows allows", () => {
    const staging = `C:\\var\\lib\\kubelet\\plugins\\kubernetes.io\\csi\\hyperv.csi.dev\\${"a".repeat(64)}\\globalmount`;
    expect(canBeMountPoint(staging)).to.equal(true);
    expect(canBeMountPoint(`C:\\${"a".repeat(255)}`)).to.equal(true);
    expect(canBeMountPoint(`C:\\${"a".repeat(256)}`)).to.equal(false);
  });
});

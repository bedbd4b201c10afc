import { expect } from "chai";
import fc from "fast-check";
import { mountAbove, parseMountTable, readMountTable, type Mount } from "../../src/kit/mount-table.ts";

const LINE = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue";

/** As the kernel writes a path: space, tab, newline, backslash and # as octal digits. */
const escape = (text: string) =>
  text.replace(/[ \t\n\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`);

const path = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => `/${text.replaceAll("\0", "")}`);
const word = fc.stringMatching(/^[a-z0-9_=.]{1,10}$/);
const mount: fc.Arbitrary<Omit<Mount, "isShared">> = fc.record({
  id: fc.nat(),
  parent: fc.nat(),
  device: fc.tuple(fc.nat(300), fc.nat(1000)).map((pair) => pair.join(":")),
  root: path,
  mountPoint: path,
  options: fc.array(word, { minLength: 1, maxLength: 3 }),
  fsType: word,
  source: fc.oneof(path, fc.constant("")),
  superOptions: fc.array(word, { minLength: 1, maxLength: 3 }),
});
const tags = fc.array(fc.constantFrom("shared:1", "master:12", "propagate_from:3", "unbindable"), {
  maxLength: 4,
});

function lineOf(mount: Omit<Mount, "isShared">, optional: readonly string[]): string {
  const { id, parent, device, root, mountPoint, options, fsType, source, superOptions } = mount;
  return [
    ...[id, parent, device, escape(root), escape(mountPoint), options.join(",")],
    ...optional,
    "-",
    ...[fsType, escape(source), superOptions.join(",")],
  ].join(" ");
}

describe("kit mount table", () => {
  it("reads a line as proc_pid_mountinfo(5) shows it", () => {
    expect(parseMountTable(`${LINE}\n`)).to.deep.equal([
      {
        id: 36,
        parent: 35,
        device: "98:0",
        root: "/mnt1",
        mountPoint: "/mnt2",
        options: ["rw", "noatime"],
        isShared: false,
        fsType: "ext3",
        source: "/dev/root",
        superOptions: ["rw", "errors=continue"],
      },
    ]);
  });

  it("reads whatever the kernel can write", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(mount, tags)), (entries) => {
        const text = entries.map(([each, optional]) => `${lineOf(each, optional)}\n`).join("");
        const expected = entries.map(([each, optional]) => ({
          ...each,
          isShared: optional.includes("shared:1"),
        }));
        expect(parseMountTable(text)).to.deep.equal(expected);
      }),
    );
  });

  for (const rubbish of [
    "",
    " ",
    "-",
    "- - - - - - - - -",
    "36 35 98:0 /mnt1 /mnt2 rw",
    "36 35 98:0 /mnt1 /mnt2 rw master:1 ext3 /dev/root rw",
    "36 35 98:0 /mnt1 /mnt2 rw -",
    "36 35 98:0 /mnt1 /mnt2 rw - ext3",
    "36 35  /mnt1 /mnt2 rw - ext3 /dev/root rw",
    "x 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw",
    ` 35 98:0 /mnt1 /mnt2 rw - ext3 /dev/root rw`,
    "\u0000",
  ]) {
    it(`passes over ${JSON.stringify(rubbish)}`, () => {
      expect(parseMountTable(`${rubbish}\n${LINE}\n${rubbish}`)).to.have.lengthOf(1);
    });
  }

  it("never fails, whatever the text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseMountTable(`${text}\n${LINE}`).at(-1)?.mountPoint).to.equal("/mnt2");
      }),
    );
  });

  it("keeps the categories of an SELinux label together, and parts all other options at commas", () => {
    const options = (text: string) =>
      parseMountTable(`36 35 98:0 / /mnt rw - xfs /dev/sdb ${text}`)[0]?.superOptions;
    const label = 'context="a:b:c:s0:c1,c2"';
    expect(options(`rw,${label},inode64`)).to.deep.equal(["rw", label, "inode64"]);
    expect(options(`rw,root${label}`)).to.deep.equal(["rw", `root${label}`]);
    expect(options('rw,lowerdir=/a",upperdir=/b",ro')).to.deep.equal([
      "rw",
      'lowerdir=/a"',
      'upperdir=/b"',
      "ro",
    ]);
    expect(options('context="a,ro')).to.deep.equal(['context="a', "ro"]);
  });

  it("has above a path the nearest mount, of several there the last, and none that only begins like it", () => {
    const at = (id: number, mountPoint: string) => `${id} 1 8:1 / ${mountPoint} rw - ext4 /dev/sda1 rw`;
    const table = parseMountTable([at(20, "/"), at(21, "/a/b"), at(22, "/a"), at(23, "/a/b")].join("\n"));
    const above = (path: string) => mountAbove(path, table)?.id;
    expect(["/a/b", "/a/b/c", "/a/bc", "/a", "/ab", "/"].map(above)).to.deep.equal([23, 23, 22, 22, 20, 20]);
    expect(mountAbove("/a", [])).to.equal(undefined);
  });

  it("has this process's root", async function () {
    if (process.platform !== "linux") this.skip();
    const table = await readMountTable();
    expect(table.map(({ mountPoint }) => mountPoint)).to.include("/");
    expect(table.every(({ id, device }) => id > 0 && /^\d+:\d+$/.test(device))).to.equal(true);
  });
});

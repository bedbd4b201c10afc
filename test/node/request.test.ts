import { expect } from "chai";
import fc from "fast-check";
import { readMountFlags, readPath, readVolumeId } from "../../src/node/request.ts";
import { unixPaths } from "../../src/node/path-rules.ts";
import { StatusError } from "../../src/kit/errors.ts";
import { thrownBy } from "../support/failure.ts";

const ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";

describe("what a node reads from a request", () => {
  it("is the volume id of a handle, in lower case", () => {
    for (const handle of [`east/${ID}`, ID, `east/${ID.toUpperCase()}`])
      expect(readVolumeId(handle)).to.equal(ID);
    for (const handle of ["x", `East/${ID}`, `east/${ID}/more`, `../${ID}`, `east/${ID}\n`, "/", `/${ID}`]) {
      expect(
        thrownBy(() => readVolumeId(handle)),
        handle,
      ).to.include({ code: "NOT_FOUND" });
    }
  });

  it("is a path in its plain form", () => {
    expect(readPath(unixPaths, "p", "/a/b")).to.equal("/a/b");
    expect(readPath(unixPaths, "p", "/a//b/")).to.equal("/a/b");
    expect(readPath(unixPaths, "p", "/a/./b")).to.equal("/a/b");
    expect(readPath(unixPaths, "p", "/a/..b/c..")).to.equal("/a/..b/c..");
  });

  it("is never a path that leads elsewhere than it says", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[/.a\0 -]{0,12}$/), (text) => {
        let path;
        try {
          path = readPath(unixPaths, "p", text);
        } catch (error) {
          expect(error).to.be.instanceOf(StatusError).and.to.include({ code: "INVALID_ARGUMENT" });
          return;
        }
        expect(path).to.match(/^\/[^/\0]/);
        expect(
          path.split("/").some((part, index) => part === ".." || part === "." || (index > 0 && part === "")),
        ).to.equal(false);
      }),
      { numRuns: 2000 },
    );
  });

  it("names the field and shortens what it shows of a bad path", () => {
    const { message } = thrownBy(() => readPath(unixPaths, "target_path", "x".repeat(10_000)));
    expect(message).to.include("target_path").and.to.have.length.below(400);
  });

  it("is a list of single mount options", () => {
    expect(readMountFlags([])).to.deep.equal([]);
    expect(
      readMountFlags(["ro", "noatime,nodiratime", "commit=30", "subvol=@data", "data=ordered"]),
    ).to.deep.equal(["ro", "noatime", "nodiratime", "commit=30", "subvol=@data", "data=ordered"]);
  });

  it("keeps an SELinux label whole, and refuses what only looks like one", () => {
    const label = 'context="system_u:object_r:container_file_t:s0:c1,c2"';
    expect(readMountFlags([`noatime,${label}`, "nosuid"])).to.deep.equal(["noatime", label, "nosuid"]);
    for (const bad of [
      'context="a:b:c",bind',
      'context="a:b:c,bind',
      'context="a b:c:d"',
      'x="a,b"',
      'context=""',
    ]) {
      expect(
        thrownBy(() => readMountFlags([bad])),
        bad,
      ).to.include({ code: "INVALID_ARGUMENT" });
    }
  });

  it("has no mount option with a character that a shell, mount or fstab gives a meaning", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 6 }), (text) => {
        let options: string[];
        try {
          options = readMountFlags([text]);
        } catch (error) {
          expect(error).to.include({ code: "INVALID_ARGUMENT" });
          return;
        }
        for (const option of options) {
          expect(option).not.to.match(/[\s\0"'`$&|;<>()\\#,]|^-|^$/);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

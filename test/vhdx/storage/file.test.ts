import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import { access, readFile, stat, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { VhdxError } from "../../../src/vhdx/error.ts";
import { DiskFile, withFile } from "../../../src/vhdx/storage/file.ts";
import { expectVhdxError, rejection } from "../support/rejects.ts";
import { temporaryDirectory } from "../support/temp.ts";

describe("vhdx file", () => {
  const path = temporaryDirectory();

  it("is a regular file: a FIFO, a directory and a device are refused at once", async () => {
    execFileSync("mkfifo", [path("fifo")]);
    for (const place of [path("fifo"), path("."), "/dev/null"]) {
      await expectVhdxError(DiskFile.open(place, "r"), "file", /not a regular file/);
    }
  });

  it("reads exactly what was asked for", async () => {
    await writeFile(path("read"), "0123456789");
    const text = await withFile(path("read"), "r", async (file) => {
      expect(await file.size()).to.equal(10n);
      return (await file.read("thing", 3n, 4)).toString();
    });
    expect(text).to.equal("3456");
  });

  it("names the structure and the place when the file ends early", async () => {
    await writeFile(path("short"), "0123456789");
    const reading = withFile(path("short"), "r", (file) => file.read("thing", 8n, 4));
    const error = await expectVhdxError(reading, "thing", /^thing at byte 10: /);
    expect(error.offset).to.equal(10n);
  });

  it("writes, resizes and flushes", async () => {
    await withFile(path("written"), "wx", async (file) => {
      await file.write(4n, Buffer.from("data"));
      await file.resize(12n);
      await file.flush();
    });
    expect((await readFile(path("written"))).toString("latin1")).to.equal("\0\0\0\0data\0\0\0\0");
  });

  it("never opens a file for creation that is there", async () => {
    await writeFile(path("there"), "kept");
    const error = await rejection(withFile(path("there"), "wx", () => Promise.resolve()));
    expect(error).to.have.property("code", "EEXIST");
    expect((await readFile(path("there"))).toString()).to.equal("kept");
  });

  it("closes the file when its user fails", async () => {
    await writeFile(path("closed"), "");
    let leaked: Promise<bigint> | undefined;
    const error = await rejection(
      withFile(path("closed"), "r", (file) => {
        leaked = Promise.resolve().then(() => file.size());
        throw new Error("user");
      }),
    );
    expect(error).to.have.property("message", "user");
    await leaked?.catch(() => undefined);
    await access(path("closed"), constants.R_OK);
  });

  it("passes system errors on", async () => {
    const error = await rejection(withFile(path("missing"), "r", () => Promise.resolve()));
    expect(error).to.have.property("code", "ENOENT");
    expect(error).not.to.be.instanceOf(VhdxError);
  });

  it("keeps holes", async () => {
    await withFile(path("sparse"), "wx", (file) => file.resize(1n << 30n));
    const { size, blocks } = await stat(path("sparse"));
    expect(size).to.equal(1 << 30);
    expect(blocks).to.be.lessThan(1000);
  });
});

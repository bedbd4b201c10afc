import { execFileSync } from "node:child_process";
import { constants } from "node:fs";
import { access, readFile, writeFile } from "node:fs/promises";
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
    await writeFile(path("written"), "0123");
    await withFile(path("written"), "r+", async (file) => {
      await file.write(4n, Buffer.from("data"));
      await file.resize(12n);
      await file.flush();
    });
    expect((await readFile(path("written"))).toString("latin1")).to.equal("0123data\0\0\0\0");
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
});

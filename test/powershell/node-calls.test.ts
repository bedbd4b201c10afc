import { join } from "node:path";
import { expect } from "chai";
import { execa } from "execa";
import { needsMono } from "../support/service-host.ts";
import { scratchDirectory } from "../support/scratch-directory.ts";

const MOUNT_POINT = 0xa0000003;
const SYMBOLIC_LINK = 0xa000000c;

/** A REPARSE_DATA_BUFFER of <ntifs.h>, as a mount point has it. */
function reparsePoint(tag: number, substitute: string, nameLength = substitute.length * 2): string {
  const names = Buffer.from(`${substitute}\0\0`, "utf16le");
  const head = Buffer.alloc(16);
  head.writeUInt32LE(tag, 0);
  head.writeUInt16LE(8 + names.length, 4);
  head.writeUInt16LE(0, 8);
  head.writeUInt16LE(nameLength, 10);
  head.writeUInt16LE(substitute.length * 2 + 2, 12);
  return Buffer.concat([head, names]).toString("hex");
}

/** Only what needs no Windows is run; the calls of Windows are compiled. */
describe("the calls of a Windows node's worker", function () {
  const scratch = scratchDirectory();

  before(needsMono);

  before(async () => {
    const sources = [
      join(import.meta.dirname, "../../powershell/node-calls.cs"),
      join(import.meta.dirname, "NodeCallsProbe.cs"),
    ];
    await execa("mcs", ["-langversion:5", "-warnaserror+", `-out:${scratch("probe.exe")}`, ...sources]);
  });

  it("read where a mount point leads, and nothing of anything else", async () => {
    const volume = String.raw`\??\Volume{0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0}` + "\\";
    const input = [
      reparsePoint(MOUNT_POINT, volume),
      reparsePoint(SYMBOLIC_LINK, volume),
      reparsePoint(MOUNT_POINT, String.raw`\??\C:\ü`),
      reparsePoint(MOUNT_POINT, "", 400),
      reparsePoint(MOUNT_POINT, volume).slice(0, 20),
    ].join("\n");
    const { stdout } = await execa("mono", [scratch("probe.exe")], { input });
    expect(stdout.split("\n")).to.deep.equal([volume, "nothing", String.raw`\??\C:\ü`, "damaged", "nothing"]);
  });
});

import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { isInOn, isOnShare, volumeIdInName } from "../../../../src/agent/hosts/hyperv/disk-paths.ts";

describe("paths of disks on Hyper-V", () => {
  const id = randomUUID();

  it("name their volume, in a checkpoint's chain, too", () => {
    expect(volumeIdInName(`C:\\Pool\\a;b;${id.toUpperCase()}.vhdx`)).to.equal(id);
    expect(volumeIdInName(`C:\\Pool\\a;${id}_${randomUUID().toUpperCase()}.avhdx`)).to.equal(id);
    expect(volumeIdInName(`C:\\Pool\\a;${id}_${randomUUID()}_${randomUUID()}.AVHDX`)).to.equal(id);
    for (const other of [
      `a-${id}.vhdx`,
      `a;${id}.vhdx.bak`,
      `a;${id}`,
      `a;${id}_x.avhdx`,
      "system.vhdx",
      "",
    ]) {
      expect(volumeIdInName(other), other).to.equal(undefined);
    }
  });

  it("are in a directory on Windows in any case, with either slash, and with the prefix for long ones", () => {
    const isIn = isInOn("win32");
    expect(isIn("C:\\Pool\\a.vhdx", "c:\\pool\\")).to.equal(true);
    expect(isIn("c:/pool/A.VHDX", "C:\\Pool")).to.equal(true);
    expect(isIn("\\\\?\\C:\\Pool\\x\\..\\a.vhdx", "C:\\Pool")).to.equal(true);
    expect(isIn("\\\\?\\UNC\\nas\\share\\a.vhdx", "\\\\nas\\share")).to.equal(true);
    expect(isIn("C:\\Pool\\sub\\a.vhdx", "C:\\Pool")).to.equal(false);
    expect(isIn("C:\\Pool2\\a.vhdx", "C:\\Pool")).to.equal(false);
    expect(isIn("D:\\Pool\\a.vhdx", "C:\\Pool")).to.equal(false);
  });

  it("are on a share when they begin with its server, in any form", () => {
    const shares = [
      "\\\\nas\\vol",
      "//nas/vol",
      "\\\\?\\UNC\\nas\\vol",
      "\\\\.\\unc\\nas\\vol",
      "\\/nas\\vol",
    ];
    for (const share of shares) expect(isOnShare(share), share).to.equal(true);
    const local = [
      "C:\\Pool",
      "C:/Pool",
      "\\\\?\\C:\\Pool",
      "\\\\?\\Volume{0}\\Pool",
      "\\Pool",
      "/srv/pool",
      "Pool",
    ];
    for (const directory of local) expect(isOnShare(directory), directory).to.equal(false);
  });

  it("differ by case elsewhere", () => {
    expect(isInOn("linux")("/pool/./a.vhdx", "/pool/")).to.equal(true);
    expect(isInOn("linux")("/Pool/a.vhdx", "/pool")).to.equal(false);
  });
});

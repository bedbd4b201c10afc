import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { VolumeUse } from "../../src/csi/volume-capability.ts";
import { linuxGuest } from "../../src/node/linux/linux-guest.ts";
import { thisVm } from "../../src/node/linux/this-vm.ts";
import { silentLog } from "../../src/kit/log.ts";
import { defaultWorkerSettings } from "../../src/node/windows/settings.ts";
import { windowsGuest } from "../../src/node/windows/windows-guest.ts";
import { WindowsWorkers } from "../../src/node/windows/windows-workers.ts";
import { thrownBy } from "../support/failure.ts";

const PAGE = join(import.meta.dirname, "../../docs/reference/windows-nodes.md");

describe("the page of Windows nodes", () => {
  const command = { program: "none", args: [] };
  const workers = new WindowsWorkers({ ...defaultWorkerSettings, command }, silentLog(), () => undefined);
  after(() => workers.close());
  const guests = {
    linux: linuxGuest(thisVm("11111111-2222-4333-8444-555555555555")),
    windows: windowsGuest(workers, "C:\\kubelet"),
  };
  const mount = { access: "mount", readOnlyMode: false, singleWriter: false } as const;
  const block: VolumeUse = { access: "block", readOnlyMode: false, singleWriter: false };

  async function row(what: string): Promise<string[]> {
    const rows = (await readFile(PAGE, "utf8"))
      .split("\n")
      .map((line) => line.split("|").map((cell) => cell.trim()));
    return (rows.find(([, first]) => first === what) ?? []).slice(2, -1);
  }
  const answer = (guest: keyof typeof guests, use: VolumeUse) => {
    try {
      guests[guest].requireUse(use);
      return "yes";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };

  it("names the file systems of both, in their order", async () => {
    expect(await row("file systems, the default first")).to.deep.equal([
      guests.linux.fileSystems.join(", "),
      guests.windows.fileSystems.join(", "),
    ]);
  });

  it("tells what each answers to another's file system and to raw block volumes", async () => {
    const foreign = (fsType: "ext4" | "ntfs"): VolumeUse => ({ ...mount, fsType, mountFlags: [] });
    expect(await row("another system's file system")).to.deep.equal([
      answer("linux", foreign("ntfs")),
      answer("windows", foreign("ext4")),
    ]);
    const [linux = "", windows = ""] = await row("raw block volumes");
    expect(linux).to.equal(answer("linux", block));
    expect(windows.split(":")[0]).to.equal(answer("windows", block));
  });

  it("tells which mount options Windows takes", () => {
    const flags = (...mountFlags: string[]): VolumeUse => ({ ...mount, fsType: "ntfs", mountFlags });
    for (const flag of ["ro", "rw"]) expect(answer("windows", flags(flag))).to.equal("yes");
    expect(answer("windows", flags("noatime"))).to.equal("INVALID_ARGUMENT");
    const unlock = () => {
      guests.windows.encryption.requireMapper();
    };
    expect(thrownBy(unlock).code).to.equal("FAILED_PRECONDITION");
  });
});

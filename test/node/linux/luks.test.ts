import { randomUUID } from "node:crypto";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import type { Disk } from "../../../src/node/guest.ts";
import { luks } from "../../../src/node/linux/luks.ts";
import { writeHeader } from "../../../src/node/linux/luks-header.ts";
import { mapperName } from "../../../src/node/linux/mapper.ts";
import { checksum } from "../../support/device-bytes.ts";
import { refused } from "../../support/refused.ts";
import { scratchDirectory } from "../../support/scratch-directory.ts";

const PASSPHRASE = "a passphrase";

/** The header is real, and its image file stands for the disk; the mapper is there in a tree like the kernel's alone. */
describe("a mapper that an earlier attachment left", () => {
  const path = scratchDirectory();

  /** A locked disk, and a kernel that has a mapper in its volume's name over these disks. */
  async function left(over: readonly string[], mounts = "") {
    const volumeId = randomUUID();
    const device = path(`${volumeId}.img`);
    await writeFile(device, "");
    await truncate(device, Number(32n * MiB));
    const disk: Disk = {
      volumeId,
      device,
      size: 32n * MiB,
      readOnly: false,
      release: () => Promise.resolve(),
    };
    await writeHeader(disk, PASSPHRASE);
    const at = path(randomUUID());
    const roots = { sys: join(at, "sys"), dev: join(at, "dev"), proc: join(at, "proc"), hyperv: at };
    const block = join(roots.sys, "block", "dm-0");
    for (const slave of over) await mkdir(join(block, "slaves", slave), { recursive: true });
    for (const directory of [join(block, "dm"), roots.dev, join(roots.proc, "self")]) {
      await mkdir(directory, { recursive: true });
    }
    await writeFile(join(block, "dm", "name"), `${mapperName(volumeId)}\n`);
    const uuid = `CRYPT-LUKS2-${volumeId.replaceAll("-", "")}-${mapperName(volumeId)}`;
    await writeFile(join(block, "dm", "uuid"), `${uuid}\n`);
    await writeFile(join(block, "size"), "1024\n");
    await writeFile(join(roots.dev, "dm-0"), "");
    await writeFile(join(roots.proc, "self", "mountinfo"), mounts);
    return { disk, encryption: luks(roots) };
  }

  /** A pod's raw block volume over it. */
  const SHOWN = "40 27 0:5 /dm-0 /var/lib/kubelet/pods/x rw - devtmpfs devtmpfs rw\n";

  for (const [what, over] of Object.entries({ "a disk that is gone": [], "another disk": ["sdz"] })) {
    it(`over ${what} is never used: neither to unlock nor as what is unlocked`, async () => {
      const { disk, encryption } = await left(over, SHOWN);
      const before = await checksum(disk.device);
      await refused(encryption.unlock(disk, PASSPHRASE), "FAILED_PRECONDITION", "unlocked from another disk");
      expect(() => encryption.unlocked(disk)).to.throw("unlocked from another disk");
      expect(await checksum(disk.device)).to.equal(before);
    });
  }

  it("is closed before anything is unlocked, and where that can't be the volume is refused", async () => {
    const { disk, encryption } = await left([]);
    const before = await checksum(disk.device);
    await refused(encryption.unlock(disk, PASSPHRASE), "FAILED_PRECONDITION", "cryptsetup close");
    expect(await checksum(disk.device)).to.equal(before);
  });
});

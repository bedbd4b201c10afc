import { randomUUID } from "node:crypto";
import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
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
  async function left(
    over: readonly string[],
    mounts = "",
    volumeId: string = randomUUID(),
    made = volumeId,
  ) {
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
    await writeHeader({ ...disk, volumeId: made }, PASSPHRASE);
    const at = path(randomUUID());
    const roots = { sys: join(at, "sys"), dev: join(at, "dev"), proc: join(at, "proc"), hyperv: at };
    const block = join(roots.sys, "block", "dm-0");
    for (const slave of over) await mkdir(join(block, "slaves", slave), { recursive: true });
    for (const directory of [join(block, "dm"), roots.dev, join(roots.proc, "self")]) {
      await mkdir(directory, { recursive: true });
    }
    await writeFile(join(block, "dm", "name"), `${mapperName(volumeId)}\n`);
    const uuid = `CRYPT-LUKS2-${made.replaceAll("-", "")}-${mapperName(volumeId)}`;
    await writeFile(join(block, "dm", "uuid"), `${uuid}\n`);
    await writeFile(join(block, "size"), "1024\n");
    for (const name of ["dm-0", ...over.filter((each) => each.endsWith(".img"))]) {
      await mkdir(join(roots.sys, "class", "block"), { recursive: true });
      await symlink(block, join(roots.sys, "class", "block", name));
    }
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

  it("over the disk of a copy is used with its original's passphrase, and an error names the original", async () => {
    const [copy, original] = [randomUUID(), randomUUID()];
    const { disk, encryption } = await left([`${copy}.img`], SHOWN, copy, original);
    expect(await encryption.unlock(disk, PASSPHRASE)).to.include({
      volumeId: copy,
      neverUsed: true,
      size: 524_288n,
    });
    const message = `volume ${copy}, whose header is that of ${original}: a copy opens with its original's passphrase`;
    await refused(encryption.unlock(disk, "another"), "UNAUTHENTICATED", message);
  });
});

import { existsSync } from "node:fs";
import { lstat, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../../src/kit/sizes.ts";
import { windowsRig } from "../../support/windows-rig.ts";

describe("a volume's life on a Windows node", () => {
  const rig = windowsRig();

  for (const fsType of ["ntfs", "refs"]) {
    it(`stages, publishes and unstages ${fsType}, and its disk is offline before the detach`, async () => {
      const { node, windows } = rig.get;
      const volume = await node.volume(64n * MiB);
      expect(await windows.disk(volume.id)).to.include({ isOffline: true, isReadOnly: true });
      for (let again = 0; again < 2; again++) await node.stage(volume, { fsType });
      expect(await windows.disk(volume.id)).to.include({ isOffline: false, isReadOnly: false });
      await writeFile(join(volume.staging, "file"), fsType);
      for (let again = 0; again < 2; again++) await node.publish(volume, { fsType });
      expect((await lstat(volume.target)).isSymbolicLink()).to.equal(true);
      expect(await readFile(join(volume.target, "file"), "utf8")).to.equal(fsType);
      expect((await node.stats(volume, volume.target)).bytes?.total).to.equal(47 * 1024 * 1024);
      for (let again = 0; again < 2; again++) await node.unpublish(volume);
      expect(existsSync(volume.target)).to.equal(false);
      for (let again = 0; again < 2; again++) await node.unstage(volume);
      expect(await windows.disk(volume.id)).to.include({ isOffline: true });
      await node.stage(volume, { fsType });
      expect(await readFile(join(volume.staging, "file"), "utf8")).to.equal(fsType);
      await node.unstage(volume);
      await node.detach(volume);
    });
  }
});

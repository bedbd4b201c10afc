import { createHash, randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { MiB } from "../../src/kit/sizes.ts";
import { checksum } from "../support/device-bytes.ts";
import {
  grow,
  mountAgain,
  mountedVolume,
  startUp,
  unmountAndDetach,
  upDirectory,
} from "../support/running-up.ts";
import type { RunningUp } from "../support/running-up.ts";

describe("an expansion under writes", () => {
  const { path, state } = upDirectory();
  let up: RunningUp;

  before(async () => {
    up = await startUp(state());
  });
  after(() => up.stop("SIGTERM"));

  for (const [fsType, size] of [
    ["xfs", 320n * MiB],
    ["btrfs", 128n * MiB],
  ] as const) {
    it(`of ${fsType} gives more room than there was, and changes no byte`, async () => {
      const volume = await mountedVolume(up, path("pods"), size, { fsType });
      const file = join(volume.target, "data");
      const hash = createHash("sha256");
      const total = Number(size) + 32 * 1024 * 1024;
      let written = 0;
      const writer = (async () => {
        const chunk = randomBytes(1024 * 1024);
        const handle = await open(file, "wx");
        try {
          for (; written < total; written += chunk.length) {
            chunk.writeUInt32LE(written, 0);
            hash.update(chunk);
            await handle.write(chunk);
          }
          await handle.sync();
        } finally {
          await handle.close();
        }
      })();
      for (const factor of [2n, 3n, 4n]) await grow(up, volume, size * factor);
      await writer;
      const expected = hash.digest("hex");
      expect(await checksum(file)).to.equal(expected);

      await unmountAndDetach(up, volume);
      await mountAgain(up, volume);
      expect(await checksum(file)).to.equal(expected);
      await unmountAndDetach(up, volume);
    });
  }
});

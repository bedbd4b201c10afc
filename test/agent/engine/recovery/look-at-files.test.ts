import { mkdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { stampOf } from "../../../../src/agent/engine/index/stamp.ts";
import { lookAtFiles } from "../../../../src/agent/engine/recovery/look-at-files.ts";
import { temporaryDirectory } from "../../../support/temporary.ts";

describe("looking at files", () => {
  const path = temporaryDirectory();

  for (const count of [3, 1500]) {
    it(`tells of ${count} what the file system tells, and of none that is not a file`, async () => {
      const directory = path(String(count));
      await mkdir(directory);
      const names = Array.from({ length: count }, (_, index) => `file ${index};'"$(x)`);
      for (const [index, name] of names.entries())
        await writeFile(`${directory}/${name}`, "x".repeat(index % 7));
      await mkdir(`${directory}/folder`);
      await symlink("nowhere", `${directory}/dangling`);
      await rm(`${directory}/${names[1]}`);
      const looks = await lookAtFiles(directory, [...names, "folder", "dangling", "never there"]);
      for (const [index, name] of names.entries()) {
        const expected =
          index === 1 ? undefined : stampOf(await stat(`${directory}/${name}`, { bigint: true }));
        expect(looks(index), name).to.deep.equal(expected);
      }
      for (const other of [0, 1, 2]) expect(looks(count + other)).to.equal(undefined);
    });
  }
});

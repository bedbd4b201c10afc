import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { StatusError } from "../../../src/kit/errors.ts";
import { findMapper, isOfHeader, mapperName, requireDeviceMapper } from "../../../src/node/linux/mapper.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

describe("the mapper of a volume", () => {
  const path = temporaryDirectory();
  const roots = () => ({ sys: path("sys"), dev: path("dev"), proc: path("proc"), hyperv: path("hyperv") });

  async function mapper(kernelName: string, name: string, uuid: string, disks: readonly string[]) {
    const directory = join(path("sys"), "block", kernelName);
    await mkdir(join(directory, "dm"), { recursive: true });
    await writeFile(join(directory, "dm", "name"), `${name}\n`);
    await writeFile(join(directory, "dm", "uuid"), `${uuid}\n`);
    for (const disk of disks) await mkdir(join(directory, "slaves", disk), { recursive: true });
  }

  it("is found by its name alone, among others", async () => {
    const [volume, header] = [randomUUID(), randomUUID()];
    const uuid = `CRYPT-LUKS2-${header.replaceAll("-", "")}-${mapperName(volume)}`;
    expect(findMapper(volume, roots())).to.equal(undefined);
    await mapper("dm-0", mapperName(randomUUID()), "", ["sda"]);
    await mapper("dm-1", mapperName(volume), uuid, ["sdb"]);
    await mapper("loop7", mapperName(volume), uuid, ["sdc"]);
    const found = findMapper(volume, roots());
    expect(found).to.deep.equal({ name: mapperName(volume), kernelName: "dm-1", uuid, disks: ["sdb"] });
    expect(isOfHeader(found!, header)).to.equal(true);
    expect(isOfHeader(found!, randomUUID())).to.equal(false);
  });

  it("has no disks when they are gone", async () => {
    const volume = randomUUID();
    await mapper("dm-9", mapperName(volume), "", []);
    expect(findMapper(volume, roots())?.disks).to.deep.equal([]);
  });

  it("needs a kernel that has it, and its control node", async () => {
    const refusal = () => {
      try {
        requireDeviceMapper(roots());
        return undefined;
      } catch (error) {
        return StatusError.from(error);
      }
    };
    expect(refusal()).to.include({ code: "FAILED_PRECONDITION" });
    await mkdir(path("proc"));
    await writeFile(path("proc/misc"), "234 btrfs-control\n236 device-mapper\n");
    expect(refusal()?.message).to.include("no device mapper").and.include("dm_crypt");
    await mkdir(path("dev/mapper"), { recursive: true });
    await writeFile(path("dev/mapper/control"), "");
    expect(refusal()).to.equal(undefined);
    await writeFile(path("proc/misc"), "237 loop-control\n");
    expect(refusal()).to.include({ code: "FAILED_PRECONDITION" });
  });
});

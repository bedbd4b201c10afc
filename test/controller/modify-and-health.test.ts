import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { makeVolume, testController, WRITER } from "../support/controller.ts";
import { expectFailure } from "../support/failure.ts";

const UNKNOWN = "local/11111111-2222-4333-8444-555555555555";

describe("controller ControllerModifyVolume", () => {
  const controller = testController();
  const modify = (volume_id: string, mutable_parameters: Record<string, string>) =>
    controller.call.ControllerModifyVolume({ volume_id, mutable_parameters });

  it("changes what a host lets be changed, and what a create asked for", async () => {
    const volume_id = await makeVolume(controller, "modified");
    await modify(volume_id, { maximumIops: "500", deleteProtection: "true" });
    await expectFailure(controller.call.DeleteVolume({ volume_id }), "FAILED_PRECONDITION", /protected/);
    await modify(volume_id, { deleteProtection: "false" });
    await controller.call.DeleteVolume({ volume_id });
    const made = await controller.call.CreateVolume({
      name: "protected",
      volume_capabilities: [WRITER],
      mutable_parameters: { deleteProtection: "true" },
    });
    await expectFailure(
      controller.call.DeleteVolume({ volume_id: made.volume!.volume_id }),
      "FAILED_PRECONDITION",
      /protected/,
    );
  });

  it("refuses what there is not, by name", async () => {
    const volume_id = await makeVolume(controller, "kept");
    await expectFailure(
      modify(volume_id, { colour: "red" }),
      "INVALID_ARGUMENT",
      /"colour".*deleteProtection.*labels/,
    );
    await expectFailure(
      modify(volume_id, { deleteProtection: "maybe" }),
      "INVALID_ARGUMENT",
      /deleteProtection/,
    );
    await expectFailure(modify(volume_id, {}), "INVALID_ARGUMENT", /mutable_parameters/);
    await expectFailure(modify("", { deleteProtection: "true" }), "INVALID_ARGUMENT", /volume_id/);
    await expectFailure(modify(UNKNOWN, { deleteProtection: "true" }), "NOT_FOUND", /./);
  });
});

describe("controller ControllerGetVolumeHealth", () => {
  const controller = testController();
  const health = async (volume_id: string) =>
    (await controller.call.ControllerGetVolumeHealth({ volume_id })).volume_health!;

  it("tells nothing of a sound volume, and of one whose disk is gone that its data is", async () => {
    const volume_id = await makeVolume(controller, "sound");
    expect(await health(volume_id)).to.deep.equal({ volume_id, health_statuses: [] });
    const pool = join(controller.directory, "pools/local");
    const [disk = ""] = (await readdir(pool)).filter((name) => name.startsWith("sound;"));
    await rm(join(pool, disk));
    const { health_statuses } = await health(volume_id);
    expect(health_statuses.map(({ status, reason }) => [status, reason])).to.deep.equal([
      ["DATA_LOSS", "DiskMissing"],
    ]);
    expect(health_statuses[0]?.message).not.to.equal("");
  });

  it("is of volumes that there are", async () => {
    await expectFailure(health(UNKNOWN), "NOT_FOUND", /./);
    await expectFailure(health(""), "INVALID_ARGUMENT", /volume_id/);
  });
});

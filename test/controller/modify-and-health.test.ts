import { copyFile, readdir, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { statusOf } from "../../src/controller/get-volume-health.ts";
import { makeVolume, testController, WRITER } from "../support/controller.ts";
import { expectFailure } from "../support/failure.ts";
import { until } from "../support/until.ts";

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

  const found = async (volume_id: string) =>
    (await health(volume_id)).health_statuses.map(({ status, reason }) => `${status} ${reason}`);
  const fileOf = async (name: string) => {
    const pool = join(controller.directory, "pools/local");
    return join(pool, (await readdir(pool)).find((file) => file.startsWith(`${name};`)) ?? "");
  };

  it("tells that a disk is damaged, or another one", async () => {
    const [spoiled, replaced] = [
      await makeVolume(controller, "spoiled"),
      await makeVolume(controller, "replaced"),
    ];
    await truncate(await fileOf("spoiled"), 100_000);
    expect(await found(spoiled)).to.deep.equal(["INACCESSIBLE DiskDamaged"]);
    await makeVolume(controller, "other");
    await copyFile(await fileOf("other"), await fileOf("replaced"));
    expect(await found(replaced)).to.deep.equal(["INACCESSIBLE DiskDamaged"]);
    for (const name of ["spoiled", "replaced"]) await rm(await fileOf(name));
  });

  it("tells that a pool can't keep what it has promised, and that it can again", async () => {
    const volume_id = await makeVolume(controller, "promised", 1024);
    const agent = controller.agents["local"]!;
    agent.freeBytes = 1024n;
    expect(await found(volume_id)).to.deep.equal(["DEGRADED PoolOvercommitted"]);
    agent.freeBytes = undefined;
    expect(await found(volume_id)).to.deep.equal([]);
  });

  it("tells what the host says of a lost attachment", async () => {
    const volume_id = await makeVolume(controller, "attached");
    const { host } = controller.agents["local"]!;
    host.lost = "its device is gone: detach it and attach it again";
    const { health_statuses } = await health(volume_id);
    host.lost = undefined;
    expect(health_statuses).to.deep.equal([
      {
        status: "INACCESSIBLE",
        reason: "AttachmentLost",
        message: "its device is gone: detach it and attach it again",
      },
    ]);
  });

  it("tells a problem that it does not know as one", () => {
    expect(statusOf({ kind: "of-a-newer-agent", message: "new" })).to.deep.equal({
      status: "DEGRADED",
      reason: "Other",
      message: "new",
    });
  });

  it("is of volumes that there are", async () => {
    await expectFailure(health(UNKNOWN), "NOT_FOUND", /./);
    await expectFailure(health(""), "INVALID_ARGUMENT", /volume_id/);
  });

  it("tells that the pool is not there, and that it is again", async () => {
    const volume_id = await makeVolume(controller, "away");
    const pool = join(controller.directory, "pools/local");
    await rename(pool, `${pool}-away`);
    expect(await found(volume_id)).to.deep.equal(["INACCESSIBLE PoolDown"]);
    await rename(`${pool}-away`, pool);
    await until(async () => (await found(volume_id)).length === 0, "the agent takes the pool up again");
  });
});

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { GiB, MiB } from "../../src/kit/sizes.ts";
import { expectFailure } from "../support/failure.ts";
import { NAMES, testController, WRITER } from "../support/controller.ts";

describe("controller CreateVolume", () => {
  const controller = testController();
  const create = (name: string, capacity_range?: { required_bytes?: string; limit_bytes?: string }) =>
    controller.call.CreateVolume({
      name,
      volume_capabilities: [WRITER],
      ...(capacity_range === undefined ? {} : { capacity_range }),
    });

  it("makes a disk in the pool of its group", async () => {
    const { volume } = await create("data", { required_bytes: String(8n * MiB) });
    expect(volume).to.deep.include({
      capacity_bytes: String(8n * MiB),
      volume_context: {},
      accessible_topology: [{ segments: { [NAMES.topologyKey]: "local" } }],
    });
    const [group, id] = volume!.volume_id.split("/");
    expect(group).to.equal("local");
    const disk = await stat(join(controller.agents["local"]!.directory, `data;${id}.vhdx`));
    expect(disk.size).to.be.greaterThan(8 << 20);
  });

  for (const [fs_type, smallest] of [
    ["xfs", 300n * MiB],
    ["btrfs", 128n * MiB],
  ] as const) {
    it(`gives ${fs_type} the room that it needs, or refuses`, async () => {
      const mount = { fs_type, mount_flags: [], volume_mount_group: "" };
      const volume_capabilities = [{ ...WRITER, mount }];
      const small = { required_bytes: String(8n * MiB) };
      const request = { name: `small-${fs_type}`, volume_capabilities };
      const { volume } = await controller.call.CreateVolume({ ...request, capacity_range: small });
      expect(BigInt(volume!.capacity_bytes)).to.equal(smallest);
      const limited = { ...small, limit_bytes: String(smallest - 1n) };
      const refusal = controller.call.CreateVolume({ ...request, name: "no", capacity_range: limited });
      await expectFailure(refusal, "OUT_OF_RANGE", /file system/);
    });
  }

  it("answers an equal request with the same volume", async () => {
    const range = { required_bytes: String(8n * MiB), limit_bytes: String(16n * MiB) };
    const first = await create("again", range);
    expect(await create("again", range)).to.deep.equal(first);
  });

  it("makes one volume for equal requests at the same time", async () => {
    const range = { required_bytes: String(8n * MiB) };
    const answers = await Promise.all(Array.from({ length: 8 }, () => create("twins", range)));
    expect(new Set(answers.map(({ volume }) => volume?.volume_id))).to.have.property("size", 1);
  });

  it("accepts a size that the existing volume meets and refuses one that it does not", async () => {
    const { volume } = await create("sized", { required_bytes: String(12n * MiB) });
    const smaller = await create("sized", { required_bytes: String(8n * MiB) });
    expect(smaller.volume?.volume_id).to.equal(volume?.volume_id);
    await expectFailure(create("sized", { required_bytes: String(13n * MiB) }), "ALREADY_EXISTS", /sized/);
    const limited = { required_bytes: String(8n * MiB), limit_bytes: String(10n * MiB) };
    await expectFailure(create("sized", limited), "ALREADY_EXISTS");
  });

  it("gives a volume without a size 1 GiB", async () => {
    expect((await create("plain")).volume?.capacity_bytes).to.equal(String(GiB));
    expect((await create("zeros", { required_bytes: "0" })).volume?.capacity_bytes).to.equal(String(GiB));
  });

  for (const limit of [6n * MiB, 7n * MiB, 100n * MiB + 1n, GiB - 1n, GiB, GiB + 1n]) {
    it(`makes a volume within a limit of ${limit} bytes alone`, async () => {
      const { volume } = await create(`limit-${limit}`, { limit_bytes: String(limit) });
      const size = BigInt(volume!.capacity_bytes);
      expect(size <= limit, `${size}`).to.equal(true);
      expect(size >= 6n * MiB, `${size}`).to.equal(true);
    });
  }

  it("hands the parameter's file system to the nodes", async () => {
    const { volume } = await controller.call.CreateVolume({
      name: "xfs",
      volume_capabilities: [WRITER],
      parameters: { "csi.storage.k8s.io/fstype": "xfs", "csi.storage.k8s.io/pvc/name": "claim" },
    });
    expect(volume?.volume_context).to.deep.equal({ fsType: "xfs" });
  });

  it("refuses a volume that the pool can't hold", async () => {
    const agent = controller.agents["local"]!;
    agent.freeBytes = 10n * MiB;
    try {
      await expectFailure(
        create("large", { required_bytes: String(12n * MiB) }),
        "RESOURCE_EXHAUSTED",
        /free/,
      );
    } finally {
      agent.freeBytes = undefined;
    }
  });

  it("says which field is missing before it judges one", async () => {
    const bad = { parameters: { no: "such" } };
    await expectFailure(controller.call.CreateVolume(bad), "INVALID_ARGUMENT", /^name is missing/);
    await expectFailure(
      controller.call.CreateVolume({ ...bad, name: "x" }),
      "INVALID_ARGUMENT",
      /^volume_capabilities is missing/,
    );
  });

  it("refuses what it can't do", async () => {
    const request = { name: "odd", volume_capabilities: [WRITER] };
    const refused = [
      { volume_content_source: { volume: { volume_id: "" } } },
      { volume_content_source: { snapshot: { snapshot_id: "" } } },
      { mutable_parameters: { iops: "100" } },
      { parameters: { colour: "blue" } },
      { parameters: { "csi.storage.k8s.io/fstype": "zfs" } },
      {
        volume_capabilities: [
          WRITER,
          { block: {}, access_mode: { mode: "MULTI_NODE_MULTI_WRITER" } } as const,
        ],
      },
    ];
    for (const part of refused) {
      await expectFailure(controller.call.CreateVolume({ ...request, ...part }), "INVALID_ARGUMENT");
    }
    expect(
      (await controller.call.ListVolumes({})).entries.map(({ volume }) => volume?.volume_id).length,
    ).to.be.above(0);
    await expectFailure(controller.agents["local"]!.client.getVolume("odd", { ...callOf() }), "NOT_FOUND");
  });
});

function callOf() {
  return { signal: AbortSignal.timeout(30_000), requestId: "test", deadline: performance.now() + 30_000 };
}

import { expect } from "chai";
import { GiB, MiB } from "../../src/kit/sizes.ts";
import { testCall } from "../support/agent.ts";
import { json } from "../support/stub-server.ts";
import { cells, operatorRig } from "./operator/program.ts";
import { stubAgent } from "./operator/stub-agent.ts";

describe("hyperv-csi capacity", () => {
  const rig = operatorRig();

  it("shows what each pool has", async () => {
    const { id } = await rig.agent.client.createVolume("a", { size: 8n * MiB }, testCall());
    await rig.agent.client.createSnapshot("s", id, {}, testCall());
    rig.agent.freeBytes = 64n * GiB;
    const [pool, ...others] = (await rig.json("capacity")) as Record<string, unknown>[];
    expect(others).to.deep.equal([]);
    expect(pool).to.include({
      name: "default",
      directory: rig.agent.directory,
      down: null,
      free: Number(64n * GiB),
      volumes: 1,
      snapshots: 1,
    });
    expect(pool).to.have.all.keys(
      ...["name", "directory", "down", "available", "free", "total", "promised", "volumes", "snapshots"],
    );
    const [heading, row] = cells(await rig.output("capacity", "-o", "wide"));
    expect(heading).to.deep.equal([
      ...["POOL", "STATE", "AVAILABLE", "FREE", "TOTAL", "PROMISED", "VOLUMES", "SNAPSHOTS"],
      ...["DIRECTORY", "REASON"],
    ]);
    expect([row?.[0], row?.[1], row?.[3]]).to.deep.equal(["default", "Up", "64 GiB"]);
    expect(row?.slice(6)).to.deep.equal(["1", "1", rig.agent.directory, "-"]);
    expect(await rig.output("capacity")).not.to.contain(rig.agent.directory);
  });

  describe("of an agent with a pool that is down", () => {
    const down = stubAgent();

    it("says so, and why with -o wide", async () => {
      down.stub.answer = json(200, {
        Pools: [
          {
            Name: "fast",
            Directory: "/fast",
            Down: "its directory is gone",
            FreeBytes: 0,
            TotalBytes: 0,
            PromisedBytes: 0,
            AvailableCapacity: 0,
            Volumes: 3,
            Snapshots: 0,
          },
        ],
      });
      const [, row] = cells((await down.run("capacity", "-o", "wide")).stdout);
      const sizes = ["0 B", "0 B", "0 B", "0 B"];
      expect(row).to.deep.equal(["fast", "Down", ...sizes, "3", "0", "/fast", "its directory is gone"]);
    });
  });
});

import { randomUUID } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { csiClient } from "../../src/csi/client.ts";
import type { ControllerRpcs, IdentityRpcs, NodeRpcs } from "../../src/csi/rpc.ts";
import { mayGrowMountedExt4 } from "../../src/node/linux/growth.ts";
import { needsLoopDevices } from "../support/needs-loop-devices.ts";
import { loopsBelow, mountsBelow, scratchDirectory } from "../support/scratch-directory.ts";
import {
  startCarried,
  startSeparately,
  startSimulated,
  startUp,
  startWindows,
  type RunningDriver,
} from "./compositions.ts";
import { runSanity, whyNoSanity } from "./csi-sanity.ts";
import expected from "./expected.json" with { type: "json" };

/** Ways in which volumes are used. */
const both = ["mount", "block"] as const;

/**
 * How each is started, in how many random orders and with which ways of using volumes it is tried, what of them can be
 * changed, and a file system that can grow there.
 */
const compositions: Readonly<Record<string, Composition>> = {
  "one process": { start: startUp, runs: 5, ways: both, mutable: 'deleteProtection: "false"\n' },
  "separate processes": {
    start: startSeparately,
    runs: 5,
    ways: both,
    mutable: 'deleteProtection: "false"\n',
  },
  "the listener for Windows": {
    start: startCarried,
    runs: 1,
    ways: both,
    mutable: 'deleteProtection: "false"\n',
  },
  "a simulated Hyper-V": { start: startSimulated, runs: 1, ways: both, mutable: 'maximumIops: "500"\n' },
  // A Windows node has no raw block volumes.
  "a simulated Windows": {
    start: startWindows,
    runs: 1,
    ways: ["mount"],
    mutable: 'maximumIops: "500"\n',
    grows: "ntfs",
  },
};

interface Composition {
  readonly start: (directory: string) => Promise<RunningDriver>;
  readonly runs: number;
  readonly ways: readonly ("mount" | "block")[];
  readonly mutable: string;
  readonly grows?: string;
}

describe("csi-sanity", function () {
  this.timeout(20 * 60_000);
  before(needsLoopDevices);
  before(async function () {
    const reason = await whyNoSanity();
    if (reason === undefined) return;
    if (process.env["CI"]) throw new Error(reason);
    console.log(`      skipped: ${reason}`);
    this.skip();
  });
  const scratch = scratchDirectory();

  for (const [name, { start, runs, ways, mutable, grows }] of Object.entries(compositions)) {
    describe(`against ${name}`, () => {
      let driver: RunningDriver;
      let directory: string;
      let parameters: string;
      let mutableParameters: string;
      const secret = randomUUID();

      before(async () => {
        directory = scratch(name.replaceAll(" ", "-"));
        parameters = `${directory}.yaml`;
        await mkdir(directory);
        const fsType = grows ?? ((await mayGrowMountedExt4()) ? "ext4" : "xfs");
        console.log(`      file system ${fsType}`);
        await writeFile(parameters, `csi.storage.k8s.io/fstype: ${fsType}\n`);
        mutableParameters = `${directory}-mutable.yaml`;
        await writeFile(mutableParameters, mutable);
        driver = await start(directory);
      });

      after(() => driver.stop());

      it("advertises the committed capabilities", async () => {
        expect(await capabilitiesOf(driver)).to.deep.equal(expected.capabilities);
      });

      for (const access of ways) {
        for (let run = 1; run <= runs; run++) {
          it(`passes with ${access} access, random order ${run}`, async () => {
            const report = await runSanity({
              endpoint: `unix://${driver.socket}`,
              controllerEndpoint:
                driver.controllerSocket === driver.socket ? undefined : `unix://${driver.controllerSocket}`,
              access,
              parameters,
              mutableParameters,
              secret,
              directory: scratch(`${name.replaceAll(" ", "-")}-${access}-${run}`),
            });
            for (const each of report.failed) console.log(`      ${each}`);
            console.log(`      ${report.passed.length} specs passed, seed ${report.seed}`);
            expect(report.failed, `seed ${report.seed}`).to.deep.equal([]);
            expect(report.skipped).to.deep.equal(Object.values(expected.skippedForWantOf).flat().sort());
            expect(report.pending).to.deep.equal(expected.pendingUpstream);
            expect(report.passed).to.have.length.above(50);
          });
        }
      }

      it("logs every call and no secret", () => {
        expect(driver.output()).to.include("NodeStageVolume");
        expect(driver.output().includes(secret), "the secret is in a log").to.equal(false);
      });

      it("leaves no volume, attachment or mount behind", async () => {
        const disks = await readdir(`${directory}/pool`);
        expect(disks.filter((file) => file.endsWith(".vhdx"))).to.deep.equal([]);
        expect(loopsBelow(scratch())).to.deep.equal([]);
        expect(await mountsBelow(scratch())).to.deep.equal([]);
      });
    });
  }
});

async function capabilitiesOf({ socket, controllerSocket }: RunningDriver) {
  const identity = csiClient<IdentityRpcs>("Identity", controllerSocket);
  const controller = csiClient<ControllerRpcs>("Controller", controllerSocket);
  const node = csiClient<NodeRpcs>("Node", socket);
  try {
    const plugin = (await identity.call.GetPluginCapabilities({})).capabilities ?? [];
    const controllerRpcs = (await controller.call.ControllerGetCapabilities({})).capabilities ?? [];
    const nodeRpcs = (await node.call.NodeGetCapabilities({})).capabilities ?? [];
    return {
      plugin: plugin.map((each) => String(each.service?.type ?? each.volume_expansion?.type)).sort(),
      controller: controllerRpcs.map((each) => String(each.rpc?.type)).sort(),
      node: nodeRpcs.map((each) => String(each.rpc?.type)).sort(),
    };
  } finally {
    for (const client of [identity, controller, node]) client.close();
  }
}

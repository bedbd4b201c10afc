import { expect } from "chai";
import { csiClient, type CsiClient } from "../../src/csi/client.ts";
import { identityService } from "../../src/csi/identity.ts";
import type { IdentityRpcs } from "../../src/csi/rpc.ts";
import { serveSocket, type RunningServer } from "../../src/csi/server.ts";
import { StatusError } from "../../src/kit/errors.ts";
import { silentLog } from "../../src/kit/log.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import { version } from "../../src/kit/version.ts";
import { expectFailure } from "../support/failure.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("csi identity", () => {
  const path = temporaryDirectory();
  let ready: () => Promise<boolean> = () => Promise.resolve(true);
  let server: RunningServer;
  let client: CsiClient<IdentityRpcs>;
  before(async () => {
    const Identity = identityService("test.csi.dev", () => ready());
    server = await serveSocket(path("csi.sock"), { Identity }, createMetrics(), silentLog());
    client = csiClient("Identity", server.socket);
  });
  after(async () => {
    client.close();
    await server.close();
  });

  it("has a name and the version of the package", async () => {
    const info = await client.call.GetPluginInfo({});
    expect(info).to.deep.equal({ name: "test.csi.dev", vendor_version: version, manifest: {} });
    expect(version).to.match(/^\d+\.\d+\.\d+/);
  });

  it("says that it has controllers, a topology, and growth in use", async () => {
    const { capabilities } = await client.call.GetPluginCapabilities({});
    expect(
      capabilities?.map(({ service, volume_expansion }) => service?.type ?? volume_expansion?.type),
    ).to.deep.equal([
      "CONTROLLER_SERVICE",
      "GROUP_CONTROLLER_SERVICE",
      "SNAPSHOT_METADATA_SERVICE",
      "VOLUME_ACCESSIBILITY_CONSTRAINTS",
      "SNAPSHOT_ACCESSIBILITY_CONSTRAINTS",
      "ONLINE",
    ]);
  });

  it("tells whether it can serve", async () => {
    for (const value of [true, false]) {
      ready = () => Promise.resolve(value);
      expect(await client.call.Probe({})).to.deep.equal({ ready: { value } });
    }
    ready = () => Promise.reject(new StatusError("FAILED_PRECONDITION", "the disk is on fire"));
    await expectFailure(client.call.Probe({}), "FAILED_PRECONDITION", /on fire/);
  });
});

import { type ClientReadableStream, credentials, makeClientConstructor } from "@grpc/grpc-js";
import { expect } from "chai";
import { rpcTables } from "../../scripts/generate/rpcs.ts";
import { controllerService } from "../../src/controller/controller.ts";
import { groupControllerService } from "../../src/controller/group/group-controller.ts";
import { Groups } from "../../src/controller/groups.ts";
import { snapshotMetadataService } from "../../src/controller/metadata/snapshot-metadata.ts";
import {
  controllerTable,
  groupControllerTable,
  snapshotMetadataTable,
} from "../../src/controller/rpc-table.ts";
import { csiClient } from "../../src/csi/client.ts";
import { serviceDefinition } from "../../src/csi/descriptor.ts";
import type { SnapshotMetadataClient } from "../../src/csi/generated/csi/v1/SnapshotMetadata.ts";
import { identityService } from "../../src/csi/identity.ts";
import type { RpcFacts } from "../../src/csi/rpc-facts.ts";
import type { GroupControllerRpcs } from "../../src/csi/rpc.ts";
import { makeVolume, NAMES, testController, WRITER } from "../support/controller.ts";
import { fakeVm } from "../support/fake-host.ts";
import { requestsOf } from "../support/wire-requests.ts";

const VM = fakeVm(1).id;
const SIZE = { required_bytes: 8 * 2 ** 20 };

describe("the table of RPCs", () => {
  const one = testController();
  const two = testController({ groups: ["east", "west"] });
  let group: ReturnType<typeof csiClient<GroupControllerRpcs>>;
  let metadata: SnapshotMetadataClient;
  let volume_id: string;
  let snapshot_id: string;
  let other_snapshot_id: string;

  before(async () => {
    group = csiClient<GroupControllerRpcs>("GroupController", one.socket);
    const Client = makeClientConstructor(serviceDefinition("SnapshotMetadata"), "SnapshotMetadata");
    metadata = new Client(
      `unix://${one.socket}`,
      credentials.createInsecure(),
    ) as unknown as SnapshotMetadataClient;
    volume_id = await makeVolume(one, "source");
    const cut = async (name: string) =>
      (await one.call.CreateSnapshot({ name, source_volume_id: volume_id })).snapshot!.snapshot_id;
    [snapshot_id, other_snapshot_id] = [await cut("first"), await cut("second")];
  });
  after(() => {
    group.close();
    metadata.close();
  });

  const create = (name: string, volume_content_source?: object, controller = one) =>
    controller.call.CreateVolume({
      name,
      volume_capabilities: [WRITER],
      capacity_range: SIZE,
      ...(volume_content_source && { volume_content_source }),
    });
  const publish = () =>
    one.call.ControllerPublishVolume({ volume_id, node_id: VM, volume_capability: WRITER, readonly: false });
  const grouped = async () =>
    (await group.call.CreateVolumeGroupSnapshot({ name: "g", source_volume_ids: [volume_id] }))
      .group_snapshot!.group_snapshot_id!;
  const all = async (stream: ClientReadableStream<unknown>) => {
    for await (const part of stream) expect(part).to.be.an("object");
  };

  /** What comes before a call, and the call, by RPC and situation. */
  type Scenario = readonly [before: () => Promise<unknown>, call: (before: never) => Promise<unknown>];
  const nothing = () => Promise.resolve();
  const scenarios: Readonly<Record<string, Scenario>> = {
    "CreateVolume, one group allowed": [nothing, () => create("plain")],
    "CreateVolume, several groups allowed": [nothing, () => create("placed", undefined, two)],
    "CreateVolume, of a snapshot": [nothing, () => create("restored", { snapshot: { snapshot_id } })],
    "CreateVolume, of a volume": [nothing, () => create("cloned", { volume: { volume_id } })],
    DeleteVolume: [
      () => makeVolume(one, "deleted"),
      (handle: string) => one.call.DeleteVolume({ volume_id: handle }),
    ],
    ControllerPublishVolume: [nothing, publish],
    "ControllerUnpublishVolume, of a node": [
      publish,
      () => one.call.ControllerUnpublishVolume({ volume_id, node_id: VM }),
    ],
    "ControllerUnpublishVolume, of all nodes": [
      publish,
      () => one.call.ControllerUnpublishVolume({ volume_id }),
    ],
    ValidateVolumeCapabilities: [
      nothing,
      () => one.call.ValidateVolumeCapabilities({ volume_id, volume_capabilities: [WRITER] }),
    ],
    ListVolumes: [nothing, () => one.call.ListVolumes({})],
    GetCapacity: [nothing, () => one.call.GetCapacity({})],
    ControllerExpandVolume: [
      nothing,
      () => one.call.ControllerExpandVolume({ volume_id, capacity_range: { required_bytes: 16 * 2 ** 20 } }),
    ],
    ControllerGetVolume: [nothing, () => one.call.ControllerGetVolume({ volume_id })],
    ControllerGetVolumeHealth: [nothing, () => one.call.ControllerGetVolumeHealth({ volume_id })],
    ControllerListVolumeHealth: [nothing, () => one.call.ControllerListVolumeHealth({})],
    ControllerModifyVolume: [
      nothing,
      () => one.call.ControllerModifyVolume({ volume_id, mutable_parameters: { labels: "team=storage" } }),
    ],
    CreateSnapshot: [nothing, () => one.call.CreateSnapshot({ name: "cut", source_volume_id: volume_id })],
    DeleteSnapshot: [
      async () =>
        (await one.call.CreateSnapshot({ name: "gone", source_volume_id: volume_id })).snapshot!.snapshot_id,
      (handle: string) => one.call.DeleteSnapshot({ snapshot_id: handle }),
    ],
    GetSnapshot: [nothing, () => one.call.GetSnapshot({ snapshot_id })],
    "ListSnapshots, all, or of a volume": [
      nothing,
      async () => [
        await one.call.ListSnapshots({}),
        await one.call.ListSnapshots({ source_volume_id: volume_id }),
      ],
    ],
    "ListSnapshots, one": [nothing, () => one.call.ListSnapshots({ snapshot_id })],
    CreateVolumeGroupSnapshot: [nothing, grouped],
    DeleteVolumeGroupSnapshot: [
      grouped,
      (handle: string) => group.call.DeleteVolumeGroupSnapshot({ group_snapshot_id: handle }),
    ],
    GetVolumeGroupSnapshot: [
      grouped,
      (handle: string) => group.call.GetVolumeGroupSnapshot({ group_snapshot_id: handle }),
    ],
    GetMetadataAllocated: [nothing, () => all(metadata.GetMetadataAllocated({ snapshot_id }))],
    GetMetadataDelta: [
      nothing,
      () =>
        all(
          metadata.GetMetadataDelta({
            base_snapshot_id: snapshot_id,
            target_snapshot_id: other_snapshot_id,
          }),
        ),
    ],
  };

  const asking: Readonly<Record<string, RpcFacts>> = {
    ...controllerTable,
    ...groupControllerTable,
    ...snapshotMetadataTable,
  };
  for (const [name, { key, host }] of Object.entries(asking)) {
    for (const [situation, expected] of Object.entries(host)) {
      const title = situation === "" ? name : `${name}, ${situation}`;
      it(`tells what ${title} asks of agents, and that it can be repeated`, async () => {
        const [before, call] = scenarios[title] ?? [];
        const made = (await before?.()) as never;
        expect((await requestsOf(() => call!(made))).sort()).to.deep.equal(expected.toSorted());
        await call!(made);
        expect(key).not.to.equal("");
      });
    }
  }

  it("tells of a handle without its group that all agents are asked for it", async () => {
    const bare = volume_id.split("/")[1]!;
    expect(await requestsOf(() => one.call.ControllerGetVolumeHealth({ volume_id: bare }))).to.deep.equal([
      "GET /volume/:id",
      "GET /volume/:id/health",
    ]);
  });

  it("has every RPC that is served, and no other", () => {
    const parts = { groups: new Groups([]), names: NAMES };
    const served: Readonly<Record<string, object>> = {
      Identity: identityService(NAMES.driverName, () => Promise.resolve(true)),
      Controller: controllerService(parts),
      GroupController: groupControllerService(parts),
      SnapshotMetadata: snapshotMetadataService(parts),
    };
    for (const [service, rpcs] of Object.entries(served)) {
      expect(Object.keys(rpcTables[service] ?? {}).sort(), service).to.deep.equal(Object.keys(rpcs).sort());
    }
  });

  it("says of no RPC that it asks agents where none was seen to, and of none that it does not", async () => {
    const silent = Object.entries(controllerTable).filter(([, { host }]) => Object.keys(host).length === 0);
    expect(silent.map(([name]) => name)).to.deep.equal(["ControllerGetCapabilities"]);
    const asked = await requestsOf(async () => [
      await one.call.ControllerGetCapabilities({}),
      await group.call.GroupControllerGetCapabilities({}),
    ]);
    expect(asked).to.deep.equal([]);
  });
});

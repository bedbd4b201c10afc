import { randomUUID } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { expect } from "chai";
import { createAgentClient } from "../../src/agent-client/agent-client.ts";
import { defaultBreakerTimes } from "../../src/agent-client/breaker.ts";
import { observeAgents } from "../../src/controller/agent-metrics.ts";
import { followAgents } from "../../src/controller/follow-agents.ts";
import { Groups } from "../../src/controller/groups.ts";
import { csiClient } from "../../src/csi/client.ts";
import type { ControllerRpcs } from "../../src/csi/rpc.ts";
import { createMetrics } from "../../src/kit/metrics.ts";
import { startTestAgent, TEST_KEY, testCall, type TestAgent } from "../support/agent.ts";
import { type ControllerCalls, serveGroups, WRITER } from "../support/controller.ts";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { recordedLog } from "../support/recorded-log.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { until } from "../support/until.ts";

const SIZE = 8 * 2 ** 20;
const NODE = fakeVm(1).id;
const WRONG = /serves group west, not east: mend the agents file/;

describe("a controller whose agents file gives a group the agent of another", () => {
  const path = temporaryDirectory();
  const groups = new Groups([]);
  const closers: (() => unknown)[] = [];
  let east: TestAgent;
  let west: TestAgent;
  let call: ControllerCalls;
  before(async () => {
    west = await startTestAgent(path("west"), ["west", "old-west"]);
    closers.push(() => west.close());
    east = await startTestAgent(path("east"), "east");
    closers.push(() => east.close());
    closers.push(() => {
      point({});
    });
    const served = await serveGroups(path(), groups);
    closers.push(() => served.close());
    const client = csiClient<ControllerRpcs>("Controller", served.socket);
    closers.push(() => {
      client.close();
    });
    call = client.call as unknown as ControllerCalls;
  });
  after(async () => {
    for (const close of closers.reverse()) await close();
  });

  /** As when the file was edited: clients that know nothing yet of the agents that they are given. */
  function point(agents: Readonly<Record<string, TestAgent>>): void {
    const before = groups.all();
    groups.replace(
      Object.entries(agents).map(([name, { url }]) => {
        const watch = { group: name, times: defaultBreakerTimes, onChange: () => undefined };
        return { name, agent: createAgentClient({ url, apiKey: TEST_KEY }, watch) };
      }),
    );
    for (const { agent } of before) agent.close();
  }
  const create = async (name: string, group: string): Promise<string> => {
    const { volume } = await call.CreateVolume({
      name,
      volume_capabilities: [WRITER],
      capacity_range: { required_bytes: SIZE },
      accessibility_requirements: { requisite: [{ segments: { "topology.hyperv.csi.dev/group": group } }] },
    });
    return volume?.volume_id ?? "";
  };
  const isNoticed = () => groups.get("east")?.agent.outage() !== undefined;
  const state = async () => ({
    files: (await readdir(west.directory, { recursive: true })).sort(),
    attachments: [...west.host.attachments],
  });

  it("has nothing made, deleted or detached there, and says which group is where", async () => {
    const { id } = await west.client.createVolume("there", { size: BigInt(SIZE) }, testCall());
    await west.client.attach(NODE, id, false, testCall());
    const before = await state();
    const missing = randomUUID();
    const asks = {
      create: () => create("new", "east"),
      deleteMissing: () => call.DeleteVolume({ volume_id: `east/${missing}` }),
      deleteThere: () => call.DeleteVolume({ volume_id: `east/${id}` }),
      detachMissing: () => call.ControllerUnpublishVolume({ volume_id: `east/${missing}`, node_id: NODE }),
      detachThere: () => call.ControllerUnpublishVolume({ volume_id: `east/${id}`, node_id: NODE }),
      detachAll: () => call.ControllerUnpublishVolume({ volume_id: `east/${missing}`, node_id: "" }),
      attach: () =>
        call.ControllerPublishVolume({ volume_id: `east/${id}`, node_id: NODE, volume_capability: WRITER }),
      expand: () =>
        call.ControllerExpandVolume({
          volume_id: `east/${id}`,
          capacity_range: { required_bytes: 2 * SIZE },
        }),
      deleteSnapshot: () => call.DeleteSnapshot({ snapshot_id: `east/${missing}` }),
      deleteBareId: () => call.DeleteVolume({ volume_id: id }),
    };
    for (const [name, ask] of Object.entries(asks)) {
      point({ east: west });
      for (const when of ["before a look", "after it"]) {
        const { message } = await expectFailure(ask(), "UNAVAILABLE", WRONG);
        expect(message, `${name} ${when}`).to.contain(west.url);
        await until(isNoticed, "it is noticed");
      }
    }
    await expectFailure(call.ListVolumes({}), "UNAVAILABLE", WRONG);
    expect(await state()).to.deep.equal(before);
  });

  it("refuses both groups when their agents are swapped, and serves them when that is mended", async () => {
    point({ east, west });
    const handles = [await create("of-east", "east"), await create("of-west", "west")];
    expect(handles.map((handle) => handle.split("/")[0])).to.deep.equal(["east", "west"]);
    point({ east: west, west: east });
    for (const volume_id of handles)
      await expectFailure(call.DeleteVolume({ volume_id }), "UNAVAILABLE", /mend the agents file/);
    point({ east, west });
    const there = async () => await Promise.all([east, west].map(async (agent) => await names(agent)));
    expect(await there()).to.deep.equal([["of-east"], ["of-west", "there"]]);
    for (const volume_id of handles) await call.DeleteVolume({ volume_id });
    expect(await there()).to.deep.equal([[], ["there"]]);
  });

  it("may name an agent by what its group was called before", async () => {
    point({ "old-west": west });
    const volume_id = await create("renamed", "old-west");
    expect(volume_id).to.match(/^old-west\//);
    await call.DeleteVolume({ volume_id });
    expect(groups.get("old-west")!.agent.outage()).to.equal(undefined);
  });

  it("shows that group as down, and logs why", async () => {
    const { log, lines } = recordedLog();
    await writeFile(path("key"), TEST_KEY);
    const agents = [{ group: "east", url: west.url, apiKeyFile: "key" }];
    await writeFile(path("agents.yaml"), JSON.stringify({ agents }));
    const followed = await followAgents(path("agents.yaml"), log);
    const { agent } = followed.groups.get("east")!;
    await until(() => agent.outage() !== undefined, "it is looked at");
    const { registry } = createMetrics();
    observeAgents(followed, registry);
    const metric = await registry.getSingleMetricAsString("hyperv_csi_controller_agent_up");
    expect(metric).to.contain('{group="east"} 0');
    expect(JSON.stringify(lines())).to.match(WRONG);
    const { message } = await expectFailure(agent.listVms(testCall()), "UNAVAILABLE", WRONG);
    expect(message).to.contain(`the agent of group east at ${west.url} can't be reached since`);
    await followed.close();
  });
});

/** Of the volumes that an agent has. */
async function names({ client }: TestAgent): Promise<string[]> {
  return (await client.listVolumes(0, "", testCall())).volumes.map(({ Name }) => Name).sort();
}

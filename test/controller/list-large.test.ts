import { expect } from "chai";
import type { AgentClient } from "../../src/agent-client/agent-client.ts";
import { idOfToken, tokenAfter } from "../../src/agent-client/list-token.ts";
import type { ListedVolume } from "../../src/agent-client/wire.ts";
import { Groups } from "../../src/controller/groups.ts";
import { listVolumes } from "../../src/controller/list-volumes.ts";
import { serviceDefinition } from "../../src/csi/descriptor.ts";
import { testCall } from "../support/agent.ts";
import { NAMES } from "../support/controller.ts";
import { fakeVm } from "../support/fake-host.ts";

const LARGEST_MESSAGE = 4 * 1024 * 1024;
const COUNT = 30_000;

function volumeAt(index: number, nodes: number): ListedVolume {
  const Hosts = Array.from({ length: nodes }, () => fakeVm(1).id);
  return {
    Path: `/pool/${index}.vhdx`,
    Name: `v${index}`,
    Size: 2 ** 46,
    DiskIdentifier: `${String(index).padStart(8, "0")}-2222-4333-8444-555555555555`,
    Host: Hosts[0] ?? null,
    Hosts,
    Pool: "default",
    Type: "fixed",
    CreatedAt: "2026-01-01T00:00:00.000Z",
    Labels: {},
    Attributes: {},
    Source: null,
    Fault: null,
  };
}

/** An agent with so many volumes that no test could make them; only its list is asked. */
function largeAgent(nodesOf: (index: number) => number): AgentClient {
  const listVolumes: AgentClient["listVolumes"] = (maxEntries, token) => {
    const start = token === "" ? 0 : Number(idOfToken(token).slice(0, 8)) + 1;
    const end = Math.min(COUNT, start + maxEntries);
    const volumes = Array.from({ length: end - start }, (_, at) => volumeAt(start + at, nodesOf(start + at)));
    return Promise.resolve({
      volumes,
      next_token: end === COUNT ? "" : tokenAfter(volumes.at(-1)!.DiskIdentifier),
    });
  };
  return { listVolumes, outage: () => undefined } as Partial<AgentClient> as AgentClient;
}

describe("controller ListVolumes of 30,000 volumes", () => {
  const shapes: readonly [string, (index: number) => number][] = [
    ["on no node", () => 0],
    ["on a node each", () => 1],
    ["on many nodes towards the end", (index) => Math.floor(index / 600)],
    ["on many nodes at the beginning", (index) => Math.max(0, 40 - index)],
  ];
  for (const [what, nodesOf] of shapes) {
    it(`${what}: every answer is below 4 MiB and each volume is listed once`, async () => {
      const groups = new Groups([{ name: "a-group-with-a-rather-long-name", agent: largeAgent(nodesOf) }]);
      const list = listVolumes({ groups, names: NAMES });
      const seen: string[] = [];
      let starting_token = "";
      let pages = 0;
      do {
        const answer = await list({ max_entries: 0, starting_token }, testCall());
        const bytes = serviceDefinition("Controller")["ListVolumes"]!.responseSerialize(answer).length;
        expect(bytes).to.be.below(LARGEST_MESSAGE);
        seen.push(...answer.entries!.map(({ volume }) => volume!.volume_id!.split("/")[1]!));
        starting_token = answer.next_token ?? "";
        if (starting_token !== "") expect(bytes, "an answer is well filled").to.be.above(1024 * 1024);
        pages++;
      } while (starting_token !== "");
      expect(pages).to.be.above(1);
      expect(seen.length).to.equal(COUNT);
      expect(seen.every((id, index) => Number(id.slice(0, 8)) === index)).to.equal(true);
    });
  }
});

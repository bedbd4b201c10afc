import { createAgentClient } from "../../src/agent-client/agent-client.ts";
import type { BreakerTimes } from "../../src/agent-client/breaker.ts";
import { type Group, Groups } from "../../src/controller/groups.ts";
import { csiClient } from "../../src/csi/client.ts";
import type { ControllerRpcs } from "../../src/csi/rpc.ts";
import { TEST_KEY } from "./agent.ts";
import { type ControllerCalls, serveGroups } from "./controller.ts";
import { SimulatedAgent } from "./simulated-agent.ts";
import { makeTemporaryDirectory, removeDirectory } from "./temporary.ts";

/** What is open stays open, and nothing is taken for dead because the machine is slow. */
const TIMES: BreakerTimes = { silence: 300, answer: 3000, pause: 600_000, longestPause: 600_000 };

export interface SimulatedGroups {
  readonly groups: Groups;
  readonly agents: ReadonlyMap<string, SimulatedAgent>;
  readonly call: ControllerCalls;
  agent(name: string): SimulatedAgent;
  /** A client that looks at its agent anew. */
  renew(name: string): void;
}

/** A controller on a real socket over agents that are simulated on the wire, for the tests of the enclosing `describe`. */
export function simulatedGroups(names: readonly string[], lastKnownMs?: number): SimulatedGroups {
  const agents = new Map(names.map((name) => [name, new SimulatedAgent()]));
  const groups = new Groups([]);
  const closers: (() => Promise<void> | void)[] = [];
  const agent = (name: string): SimulatedAgent => {
    const found = agents.get(name);
    if (found === undefined) throw new Error(`no agent of ${name} is simulated`);
    return found;
  };
  const open = (name: string): Group => {
    const watch = { group: name, times: TIMES, onChange: () => undefined };
    return { name, agent: createAgentClient({ url: agent(name).url, apiKey: TEST_KEY }, watch) };
  };
  const renew = (name: string) => {
    groups.get(name)?.agent.close();
    groups.replace([...groups.all().filter((group) => group.name !== name), open(name)]);
  };
  const own = { groups, agents, agent, renew, call: {} as ControllerCalls };
  before(async () => {
    for (const each of agents.values()) {
      await each.start();
      closers.push(() => each.stop());
    }
    groups.replace(names.map(open));
    closers.push(() => {
      for (const each of groups.all()) each.agent.close();
    });
    const directory = await makeTemporaryDirectory();
    closers.push(() => removeDirectory(directory));
    const server = await serveGroups(directory, groups, lastKnownMs);
    closers.push(() => server.close());
    const client = csiClient<ControllerRpcs>("Controller", server.socket);
    closers.push(() => {
      client.close();
    });
    own.call = client.call as unknown as ControllerCalls;
  });
  after(async () => {
    for (const close of closers.reverse()) await close();
  });
  return own;
}

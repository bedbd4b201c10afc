import { Gauge, type Registry } from "prom-client";
import type { FollowedAgents } from "./follow-agents.ts";

/** Tells which agents are there, when it is asked: a group that is gone has no series. */
export function observeAgents(followed: FollowedAgents, registry: Registry): void {
  const { groups } = followed;
  new Gauge({
    name: "hyperv_csi_controller_agent_up",
    help: "1 while a group's agent answers, 0 while it is asked nothing because it does not",
    labelNames: ["group"],
    registers: [registry],
    collect() {
      this.reset();
      for (const { name, agent } of groups.all())
        this.set({ group: name }, agent.outage() === undefined ? 1 : 0);
    },
  });
  new Gauge({
    name: "hyperv_csi_controller_agents_file_valid",
    help: "0 while the agents file that is there can't be used, and the agents before stay",
    registers: [registry],
    collect() {
      this.set(followed.isValid() ? 1 : 0);
    },
  });
}

import { Gauge, type Registry } from "prom-client";
import type { Groups } from "./groups.ts";

/** Tells which agents are there, when it is asked: a group that is gone has no series. */
export function observeAgents(groups: Groups, registry: Registry): void {
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
}

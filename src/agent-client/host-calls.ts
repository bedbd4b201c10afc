import { type AgentHttp, type ClientCall, path } from "./agent-http.ts";
import * as answers from "./generated/answers.ts";
import type * as wire from "./wire.ts";

export interface HostCalls {
  /** Of one pool, or of all. */
  capacity(pool: string | undefined, call: ClientCall): Promise<wire.CapacityAnswer>;
  listPools(call: ClientCall): Promise<wire.PoolList>;
  listOperations(call: ClientCall): Promise<wire.OperationList>;
  /** What belongs to nothing; with `fix` what can lose nothing is removed. */
  doctor(fix: boolean, call: ClientCall): Promise<wire.DoctorAnswer>;
  getVm(id: string, call: ClientCall): Promise<wire.VmAnswer>;
  listVms(call: ClientCall): Promise<wire.VmList>;
}

export function hostCalls({ ask }: AgentHttp): HostCalls {
  return {
    capacity: async (pool, call) =>
      await ask(answers.isCapacityAnswer, { url: "/capacity", params: { pool } }, call),
    listPools: async (call) => await ask(answers.isPoolList, { url: "/pools" }, call),
    listOperations: async (call) => await ask(answers.isOperationList, { url: "/operations" }, call),
    doctor: async (fix, call) =>
      await ask(
        answers.isDoctorAnswer,
        fix ? { method: "POST", url: "/doctor/fix" } : { url: "/doctor" },
        call,
      ),
    getVm: async (id, call) => await ask(answers.isVmAnswer, { url: path`/vm/${id}` }, call),
    listVms: async (call) => await ask(answers.isVmList, { url: "/vms" }, call),
  };
}

import { expect } from "chai";
import { acceptWorker, groupOfCluster } from "../../../../../src/agent/hosts/hyperv/worker/accept.ts";
import type { Hello } from "../../../../../src/agent/hosts/hyperv/protocol.ts";
import { refused } from "../../../../support/refused.ts";

const hello: Hello = {
  protocol: 3,
  powershell: "5.1",
  module: "2.0.0.0",
  computer: "HV-1",
  user: "DOMAIN\\agent",
  mayManageVms: true,
  cluster: null,
};

describe("a Hyper-V worker", () => {
  const accept = (group: string, more: Partial<Hello>) =>
    Promise.try(() => {
      acceptWorker(group)({ ...hello, ...more });
    });

  it("works for any group on a machine that is in no cluster, and for that of its cluster alone", async () => {
    await accept("host-7", {});
    for (const cluster of ["rack", "RACK", "Rack.corp.example"]) await accept("rack", { cluster });
    await refused(accept("host-7", { cluster: "Rack-2" }), "FAILED_PRECONDITION", "set group to rack-2");
  });

  it("is refused with another protocol, and without rights", async () => {
    await refused(accept("host-7", { protocol: 1 }), "FAILED_PRECONDITION", "install both from one archive");
    await refused(accept("host-7", { mayManageVms: false }), "PERMISSION_DENIED", "LocalSystem");
  });

  it("has a cluster whose name is a group in lower case and without a domain", () => {
    expect(groupOfCluster("HV-Cluster01")).to.equal("hv-cluster01");
    expect(groupOfCluster("HV-Cluster01.corp.example")).to.equal("hv-cluster01");
    expect(groupOfCluster("")).to.equal("");
  });
});

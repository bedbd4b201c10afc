import { expect } from "chai";
import fc from "fast-check";
import type { HypervVm } from "../../../../src/agent/hosts/hyperv/protocol.ts";
import { Seen } from "../../../../src/agent/hosts/hyperv/seen.ts";

const ID = "c6f3f9a2-5a3e-4f0f-8f43-5f0d7a0c9b11";
const [RUNNING, OFF] = [2, 3];
/** Of members: their cluster counts the first two in. */
const [UP, PAUSED, DOWN, JOINING, UNKNOWN] = [0, 2, 1, 3, -1];

function vm(host: string, state: number): HypervVm {
  return {
    id: ID,
    name: "n",
    host,
    state,
    generation: 2,
    path: "",
    controllers: [],
    drives: [],
    checkpoints: [],
  };
}

function stateOf(vms: readonly HypervVm[], nodes: readonly { name: string; state: number }[] = []) {
  const seen = new Seen(
    { vms: [...vms], nodes: [...nodes], unreachable: [] },
    [],
    () => false,
    () => undefined,
  );
  const last = seen.vms.get(ID);
  return last && seen.vmOf(last).state;
}

describe("Hyper-V host: what proves a VM off", () => {
  it("is its host's word, on a host that is alone or that its cluster counts in", () => {
    expect(stateOf([vm("a", OFF)])).to.equal("off");
    expect(stateOf([vm("a", RUNNING)])).to.equal("running");
    for (const state of [UP, PAUSED])
      expect(stateOf([vm("a", OFF)], [{ name: "a", state }]), String(state)).to.equal("off");
    for (const state of [DOWN, JOINING, UNKNOWN, 0xffff_ffff])
      expect(stateOf([vm("a", OFF)], [{ name: "a", state }]), String(state)).to.equal("other");
    expect(stateOf([vm("a", OFF)], [{ name: "b", state: UP }])).to.equal("other");
  });

  it("is the word of all that tell of it: a VM that moves is told by two", () => {
    expect(stateOf([vm("a", RUNNING), vm("b", OFF)])).to.equal("other");
    expect(stateOf([vm("a", OFF), vm("b", RUNNING)])).to.equal("running");
    expect(stateOf([vm("a", OFF), vm("b", OFF)])).to.equal("off");
  });

  it("is nothing else, whatever is told", () => {
    const told = fc.record({
      host: fc.constantFrom("a", "b", "c"),
      state: fc.integer({ min: 0, max: 65_535 }),
    });
    const state = fc.constantFrom(UP, PAUSED, DOWN, JOINING, UNKNOWN);
    const nodes = fc.array(fc.record({ name: fc.constantFrom("a", "b", "c"), state }), { maxLength: 3 });
    fc.assert(
      fc.property(fc.array(told, { maxLength: 3 }), nodes, (vms, cluster) => {
        const seen = stateOf(
          vms.map(({ host, state }) => vm(host, state)),
          cluster,
        );
        const counted = (host: string) =>
          cluster.length === 0 ||
          cluster.some((one) => [UP, PAUSED].includes(one.state) && one.name === host);
        const isOff = vms.length > 0 && vms.every(({ host, state }) => state === OFF && counted(host));
        expect(seen === "off").to.equal(isOff);
      }),
    );
  });
});

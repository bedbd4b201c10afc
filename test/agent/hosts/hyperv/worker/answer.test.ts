import { randomUUID } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { readAnswer } from "../../../../../src/agent/hosts/hyperv/worker/hyperv-workers.ts";
import { Garbage } from "../../../../../src/kit/worker/answer.ts";
import type { HypervVm, Inventory } from "../../../../../src/agent/hosts/hyperv/protocol.ts";

const vm: HypervVm = {
  id: randomUUID(),
  name: "node-1",
  host: "HV-1",
  state: 2,
  generation: 2,
  path: "C:\\VMs\\node-1",
  controllers: [{ id: randomUUID(), number: 0, usedLuns: [0, 1] }],
  drives: [
    {
      controllerId: randomUUID(),
      lun: 1,
      path: "C:\\Pool\\näme;1.avhdx",
      basePath: null,
      readOnly: false,
      minimumIops: 0,
      maximumIops: 500,
    },
  ],
  checkpoints: [{ id: randomUUID(), name: "before the update", createdAt: "2026-05-04T03:02:01Z" }],
};
const inventory: Inventory = { vms: [vm], unreachable: [], nodes: [{ name: "HV-1", state: 0 }] };

const line = (result: unknown, id = 7) => JSON.stringify({ id, result });

describe("an answer of a worker", () => {
  it("is taken as it is when it is what was asked for", () => {
    expect(readAnswer(line(inventory), 7, "listVms")).to.deep.equal({ result: inventory });
    const changed = { done: false, inventory };
    expect(readAnswer(line(changed), 7, "attach")).to.deep.equal({ result: changed });
  });

  it("may be an error, with the HRESULT in either sign", () => {
    for (const hresult of [-2_147_024_864, 0x80070020]) {
      const error = {
        hresult,
        fullyQualifiedErrorId: "OperationFailed,X",
        category: "NotSpecified",
        message: "é",
      };
      expect(readAnswer(JSON.stringify({ id: 7, error }), 7, "detach")).to.deep.equal({ error });
    }
  });

  const wrong: readonly [string, string][] = [
    ["another request's", line(inventory, 8)],
    ["no JSON", "WARNING: the VM has a checkpoint"],
    ["empty", ""],
    ["no object", "[7]"],
    ["neither result nor error", '{"id":7}'],
    ["one VM instead of a list", line({ ...inventory, vms: vm })],
    ["a GUID in upper case", line({ ...inventory, vms: [{ ...vm, id: vm.id.toUpperCase() }] })],
    [
      "a LUN that no controller has",
      line({ ...inventory, vms: [{ ...vm, drives: [{ ...vm.drives[0], lun: 64 }] }] }),
    ],
    [
      "a path with a line break",
      line({ ...inventory, vms: [{ ...vm, drives: [{ ...vm.drives[0], path: "C:\\a\nb" }] }] }),
    ],
    ["a list that is left out", line({ vms: [], nodes: [] })],
    ["an HRESULT as text", '{"id":7,"error":{"hresult":"0x80070020"}}'],
  ];
  for (const [what, text] of wrong) {
    it(`is garbage when it is ${what}`, () => {
      expect(() => readAnswer(text, 7, "listVms")).to.throw(Garbage);
    });
  }

  it("is garbage when a size is a number", () => {
    const info = {
      path: "C:\\a.vhdx",
      virtualDiskId: randomUUID(),
      type: "fixed",
      size: "1048576",
      fileSize: "1048576",
      minimumSize: "0",
      blockSize: 0,
      logicalSectorSize: 512,
      physicalSectorSize: 4096,
      parentPath: null,
    };
    expect(readAnswer(line(info), 7, "diskInfo")).to.deep.equal({ result: info });
    expect(() => readAnswer(line({ ...info, size: 2 ** 60 }), 7, "diskInfo")).to.throw(Garbage);
  });

  it("of any bytes is an answer or garbage, and never another failure", () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((result) => JSON.stringify({ id: 7, result })),
    );
    fc.assert(
      fc.property(anything, (text) => {
        try {
          readAnswer(text, 7, "listVms");
        } catch (error) {
          expect(error).to.be.instanceOf(Garbage);
        }
      }),
    );
  });
});

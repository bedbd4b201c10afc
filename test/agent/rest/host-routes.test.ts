import { expect } from "chai";
import { GiB } from "../../../src/kit/sizes.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { expectError } from "../../support/http.ts";
import { restAgent, UNKNOWN } from "./fixture.ts";

const shown = (digit: number) => {
  const { id, name, path, generation, state } = fakeVm(digit);
  return { Id: id, Name: name, Path: path, Generation: generation, State: state };
};

describe("rest host routes", () => {
  const rest = restAgent();

  it("GET /capacity has keys in PascalCase and bytes as numbers", async () => {
    rest.agent.freeBytes = 3n * GiB;
    const { status, json } = await rest.send("GET", "/capacity");
    expect(status).to.equal(200);
    expect(json).to.deep.equal({
      AvailableCapacity: 3 * 2 ** 30,
      MinimumVolumeSize: 6 * 2 ** 20,
      MaximumVolumeSize: 3 * 2 ** 30,
    });
  });

  it("GET /vms lists all VMs", async () => {
    const { status, json } = await rest.send("GET", "/vms");
    expect(status).to.equal(200);
    expect(json).to.deep.equal({ VMs: [shown(1), shown(2)] });
  });

  const upper = fakeVm(2).id.toUpperCase();
  for (const path of [
    `/vm/${fakeVm(2).id}`,
    `/vm/${upper}`,
    `/vm?id=${fakeVm(2).id}`,
    `/vm?nodeid=${upper}`,
    `/vm?ID=${upper}`,
  ]) {
    it(`GET ${path} is one VM`, async () => {
      const { status, json } = await rest.send("GET", path);
      expect(status).to.equal(200);
      expect(json).to.deep.equal(shown(2));
    });
  }

  it("GET /vm of a VM that is not there is 404, never the list", async () => {
    for (const id of [UNKNOWN, "vm-1", "*"]) {
      expectError(await rest.send("GET", `/vm/${id}`), 404, 5, /does not exist/);
      expectError(await rest.send("GET", `/vm?id=${id}`), 404, 5, /does not exist/);
    }
    expectError(await rest.send("GET", "/vm"), 400, 3, /id is missing/);
    expectError(await rest.send("GET", "/vm?id="), 404, 5);
  });
});

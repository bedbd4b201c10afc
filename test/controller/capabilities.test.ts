import { expect } from "chai";
import { controllerCapabilities, mandatoryControllerRpcs } from "../../src/controller/capabilities.ts";
import { serviceDefinition } from "../../src/csi/descriptor.ts";
import { codeOf } from "../support/failure.ts";
import { controllerService } from "../../src/controller/controller.ts";
import { Groups } from "../../src/controller/groups.ts";
import { NAMES, testController } from "../support/controller.ts";

const promised = [
  ...new Set([...Object.values(controllerCapabilities).flat(), ...mandatoryControllerRpcs]),
].sort();

describe("controller capabilities", () => {
  const controller = testController();

  it("are each implemented, and each implemented RPC is named by one or mandatory", () => {
    const service = controllerService({ groups: new Groups([]), names: NAMES });
    expect(Object.keys(service).sort()).to.deep.equal(promised);
  });

  it("are advertised as the table has them", async () => {
    const { capabilities } = await controller.call.ControllerGetCapabilities({});
    expect(capabilities.map(({ rpc }) => rpc?.type)).to.deep.equal(Object.keys(controllerCapabilities));
  });

  for (const name of Object.keys(serviceDefinition("Controller"))) {
    const implemented = (promised as readonly string[]).includes(name);
    it(`${name} ${implemented ? "answers" : "is UNIMPLEMENTED"}`, async () => {
      const call = controller.call[name as keyof typeof controller.call] as (
        request: object,
      ) => Promise<unknown>;
      const code = await codeOf(call({}));
      if (implemented) expect(code).to.be.oneOf(["OK", "INVALID_ARGUMENT"]);
      else expect(code).to.equal("UNIMPLEMENTED");
    });
  }
});

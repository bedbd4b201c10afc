import { hypervRig } from "../../../support/hyperv-rig.ts";
import { hypervSuite } from "../hyperv-suite.ts";

describe("Hyper-V host", () => {
  hypervSuite(hypervRig(), true);
});

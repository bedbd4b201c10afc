import { expect } from "chai";
import { platformDefaults } from "../../../src/agent/config/platform-defaults.ts";

describe("what is set by default on a machine", () => {
  it("is Hyper-V and the program's data on Windows, wherever that is", () => {
    expect(platformDefaults("win32", "D:\\Data")).to.deep.equal({
      host: "hyperv",
      stateDirectory: "D:\\Data\\hyperv-csi",
    });
    expect(platformDefaults("win32", undefined).stateDirectory).to.equal("C:\\ProgramData\\hyperv-csi");
  });

  it("is the local host elsewhere", () => {
    const local = { host: "local", stateDirectory: "/var/lib/hyperv-csi" };
    expect(platformDefaults("linux", "D:\\Data")).to.deep.equal(local);
  });
});

import { expect } from "chai";
import { kubeletPlugin } from "../../../src/node/registration/kubelet-plugin.ts";
import { thrownBy } from "../../support/failure.ts";

describe("what kubelet is told", () => {
  it("names the driver, its socket and CSI's version, on a socket named after the driver", () => {
    const plugin = kubeletPlugin(
      "hyperv.csi.dev",
      "/registration",
      "/var/lib/kubelet/plugins/hyperv/csi.sock",
    );
    expect(plugin).to.deep.equal({
      socket: "/registration/hyperv.csi.dev-reg.sock",
      info: {
        type: "CSIPlugin",
        name: "hyperv.csi.dev",
        endpoint: "/var/lib/kubelet/plugins/hyperv/csi.sock",
        supported_versions: ["1.0.0"],
      },
    });
  });

  it("takes the CSI socket as a URL too, which kubelet would not", () => {
    const { info } = kubeletPlugin("d", "/registration/", "unix:///csi/csi.sock");
    expect(info.endpoint).to.equal("/csi/csi.sock");
  });

  for (const [registry, endpoint] of [
    ["registration", "/csi.sock"],
    ["/registration", "csi.sock"],
    ["/registration", ""],
    [`/${"r".repeat(100)}`, "/csi.sock"],
  ] as const) {
    it(`refuses ${JSON.stringify(registry.slice(0, 20))} with ${JSON.stringify(endpoint)}`, () => {
      expect(thrownBy(() => kubeletPlugin("driver", registry, endpoint)).code).to.equal("INVALID_ARGUMENT");
    });
  }
});

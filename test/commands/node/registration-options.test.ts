import { expect } from "chai";
import { registrationOptions } from "../../../src/commands/node/registration-options.ts";

describe("where a node plugin registers itself by default", () => {
  const defaultOn = (platform: NodeJS.Platform): unknown =>
    registrationOptions(platform).find(({ long }) => long === "--plugin-registration-path")?.defaultValue;

  it("is kubelet's own directory on Windows, whose containers see the node's paths", () => {
    expect(defaultOn("win32")).to.equal("C:\\var\\lib\\kubelet\\plugins_registry");
  });

  it("is where its directory is mounted elsewhere", () => {
    expect(defaultOn("linux")).to.equal("/registration");
  });
});

import { readdir } from "node:fs/promises";
import { expect } from "chai";
import { makeVolume, testController } from "../support/controller.ts";
import { codeOf } from "../support/failure.ts";
import { EXISTING, hostileCalls } from "./hostile-input.ts";

describe("controller hostile input", () => {
  const controller = testController();
  const names = new Set<string>(["existing"]);
  let existing = "";
  let outside: readonly string[] = [];
  let inside: readonly string[] = [];

  /** All paths beside the pool. */
  const around = async () =>
    (await readdir(controller.directory, { recursive: true }))
      .filter((path) => !path.startsWith("pools/local/"))
      .sort();
  /** All paths in the pool: volumes by their name, everything else as it is. */
  const pool = async () =>
    (await readdir(controller.agents["local"]!.directory, { recursive: true }))
      .map((path) => path.replace(/;[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.vhdx$/, ".vhdx"))
      .sort();

  before(async () => {
    inside = await pool();
    outside = await around();
    existing = await makeVolume(controller, "existing");
  });

  for (const { rpc, field, input, request, code } of hostileCalls) {
    it(`${rpc} ${field} ${input} → ${code}`, async () => {
      const filled = Object.fromEntries(
        Object.entries(request).map(([name, value]) => [name, value === EXISTING ? existing : value]),
      );
      const call = controller.call[rpc] as (request: object) => Promise<unknown>;
      const ended = await codeOf(call(filled));
      if (rpc === "CreateVolume" && ended === "OK") names.add(String(filled["name"]));
      expect(ended).to.equal(code);
      expect(await around(), "nothing new beside the pool").to.deep.equal(outside);
      const volumes = [...names].map((name) => `${name}.vhdx`);
      expect(await pool(), "the pool holds its volumes").to.deep.equal([...inside, ...volumes].sort());
      expect(controller.agents["local"]!.host.attachments).to.deep.equal([]);
    });
  }

  it("leaves exactly the volumes it was answered OK for", async () => {
    const { entries } = await controller.call.ListVolumes({});
    expect(entries).to.have.lengthOf(names.size);
  });
});

import { expect } from "chai";
import { testController, WRITER } from "../support/controller.ts";
import { expectFailure } from "../support/failure.ts";

const MIB = 2 ** 20;
const ENCRYPTED = { encryption: "luks2" };

/** Whether a copy is encrypted its own class says; the node refuses a disk that is otherwise. */
describe("controller CreateVolume, copied from an encrypted volume", () => {
  const controller = testController();
  let sources: Record<"snapshot" | "volume", object>;

  const make = async (
    name: string,
    parameters: Record<string, string>,
    content: object | null,
    required: number,
    limit = 0,
  ) => {
    const { volume } = await controller.call.CreateVolume({
      name,
      volume_capabilities: [WRITER],
      parameters,
      volume_content_source: content,
      capacity_range: { required_bytes: required * MIB, limit_bytes: limit * MIB },
    });
    return { context: volume?.volume_context, bytes: Number(volume?.capacity_bytes), id: volume?.volume_id };
  };

  before(async () => {
    const { id: volume_id } = await make("source", ENCRYPTED, null, 48);
    const { snapshot } = await controller.call.CreateSnapshot({
      name: "cut",
      source_volume_id: volume_id ?? "",
    });
    sources = {
      snapshot: { snapshot: { snapshot_id: snapshot?.snapshot_id } },
      volume: { volume: { volume_id } },
    };
  });

  for (const kind of ["snapshot", "volume"] as const) {
    it(`tells the nodes what its own class says, not its source's: ${kind}`, async () => {
      expect((await make(`${kind} same`, ENCRYPTED, sources[kind], 48)).context).to.deep.equal(ENCRYPTED);
      expect((await make(`${kind} plain`, {}, sources[kind], 48)).context).to.deep.equal({});
    });

    it(`may be larger, and a repeated request finds it with its encryption: ${kind}`, async () => {
      const larger = () => make(`${kind} larger`, ENCRYPTED, sources[kind], 96);
      const first = await larger();
      expect(first).to.deep.include({ context: ENCRYPTED, bytes: 96 * MIB });
      expect(await larger()).to.deep.equal(first);
    });

    it(`is never smaller than its source, whose end would be cut off: ${kind}`, async () => {
      expect((await make(`${kind} small`, ENCRYPTED, sources[kind], 1)).bytes).to.equal(48 * MIB);
      await expectFailure(
        make(`${kind} smaller`, ENCRYPTED, sources[kind], 32, 40),
        "OUT_OF_RANGE",
        /source/,
      );
    });
  }
});

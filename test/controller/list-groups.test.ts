import { expect } from "chai";
import { expectFailure } from "../support/failure.ts";
import { NAMES, testController, WRITER, type TestController } from "../support/controller.ts";

async function fill({ call }: TestController, group: string, count: number): Promise<string[]> {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      call.CreateVolume({
        name: `volume-${index}`,
        volume_capabilities: [WRITER],
        capacity_range: { required_bytes: 8 * 2 ** 20 },
        accessibility_requirements: { requisite: [{ segments: { [NAMES.topologyKey]: group } }] },
      }),
    ),
  );
  return answers.map(({ volume }) => volume!.volume_id).sort();
}

describe("controller ListVolumes over groups", () => {
  const controller = testController({ groups: ["east", "mid", "west"] });
  let all: string[];
  before(async () => {
    // The one in the middle stays empty.
    all = [...(await fill(controller, "east", 3)), ...(await fill(controller, "west", 4))];
  });

  it("puts them together, group by group", async () => {
    const { entries, next_token } = await controller.call.ListVolumes({});
    expect(entries.map(({ volume }) => volume?.volume_id)).to.deep.equal(all);
    expect(next_token).to.equal("");
    expect(entries.at(-1)?.volume?.accessible_topology).to.deep.equal([
      { segments: { [NAMES.topologyKey]: "west" } },
    ]);
  });

  for (const size of [1, 2, 3, 4, 5, 7, 100]) {
    it(`pages of ${size} go over from one to the next, none of them empty`, async () => {
      const seen: string[] = [];
      let token = "";
      do {
        const page = await controller.call.ListVolumes({ max_entries: size, starting_token: token });
        seen.push(...page.entries.map(({ volume }) => volume!.volume_id));
        token = page.next_token;
        expect(page.entries.length).to.equal(token === "" ? ((all.length - 1) % size) + 1 : size);
      } while (token !== "");
      expect(seen).to.deep.equal(all);
    });
  }
});

describe("controller ListVolumes with an agent down", () => {
  const controller = testController({ groups: ["east"], down: ["west"] });

  it("is UNAVAILABLE naming the group, as an absent volume would be taken for a detached one", async () => {
    await fill(controller, "east", 1);
    await expectFailure(controller.call.ListVolumes({}), "UNAVAILABLE", /group west/);
    await expectFailure(controller.call.ListVolumes({ max_entries: 1 }), "UNAVAILABLE", /group west/);
  });
});

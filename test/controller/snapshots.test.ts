import { expect } from "chai";
import { expectFailure } from "../support/failure.ts";
import { makeVolume, NAMES, testController, WRITER } from "../support/controller.ts";

const UNKNOWN = "11111111-2222-4333-8444-555555555555";

describe("controller snapshots", () => {
  const controller = testController({ groups: ["east", "west"] });
  const create = (name: string, source_volume_id: string) =>
    controller.call.CreateSnapshot({ name, source_volume_id });
  let east: string;
  let west: string;
  let other: string;

  before(async () => {
    const place = (group: string) => ({ requisite: [{ segments: { [NAMES.topologyKey]: group } }] });
    const make = async (name: string, group: string) =>
      (
        await controller.call.CreateVolume({
          name,
          volume_capabilities: [WRITER],
          capacity_range: { required_bytes: 8 * 2 ** 20 },
          accessibility_requirements: place(group),
        })
      ).volume!.volume_id;
    east = await make("e", "east");
    west = await make("w", "west");
    other = await make("o", "east");
  });

  it("lie where their volume lies, and are ready when they are told", async () => {
    const before = Date.now();
    const { snapshot } = await create("s1", east);
    expect(snapshot).to.deep.include({
      source_volume_id: east,
      size_bytes: String(8 * 2 ** 20),
      ready_to_use: true,
      group_snapshot_id: "",
    });
    expect(snapshot!.snapshot_id).to.match(/^east\//);
    const { seconds, nanos } = snapshot!.creation_time!;
    expect(Number(seconds) * 1000 + nanos / 1e6).to.be.within(before - 1, Date.now() + 1);
    expect(
      (await controller.call.GetSnapshot({ snapshot_id: snapshot!.snapshot_id })).snapshot,
    ).to.deep.equal(snapshot);
  });

  it("are the same for the same request, and refused for another source", async () => {
    const first = await create("s2", east);
    expect(await create("s2", east)).to.deep.equal(first);
    await expectFailure(create("s2", other), "ALREADY_EXISTS", /s2/);
  });

  it("of one volume that are asked for at once are all made, each once", async () => {
    const names = ["at-once-1", "at-once-2", "at-once-3", "at-once-4", "at-once-5"];
    const made = await Promise.all([...names, ...names].map((name) => create(name, west)));
    expect(made.every(({ snapshot }) => snapshot?.ready_to_use)).to.equal(true);
    const ids = new Set(made.map(({ snapshot }) => snapshot!.snapshot_id));
    expect(ids.size).to.equal(names.length);
    const { entries } = await controller.call.ListSnapshots({ source_volume_id: west });
    expect(entries.map(({ snapshot }) => snapshot!.snapshot_id)).to.have.members([...ids]);
    for (const snapshot_id of ids) await controller.call.DeleteSnapshot({ snapshot_id });
  });

  it("are refused without a name or source, with one that does not exist, or with parameters", async () => {
    await expectFailure(create("", east), "INVALID_ARGUMENT", /name/);
    await expectFailure(create("x", ""), "INVALID_ARGUMENT", /source_volume_id/);
    await expectFailure(create("x", `east/${UNKNOWN}`), "NOT_FOUND", /./);
    await expectFailure(create("x", "no handle"), "NOT_FOUND", /./);
    await expectFailure(create("x".repeat(129), east), "INVALID_ARGUMENT", /longer than 128/);
    const parameters = { fast: "yes" };
    await expectFailure(
      controller.call.CreateSnapshot({ name: "x", source_volume_id: east, parameters }),
      "INVALID_ARGUMENT",
      /"fast" is not known/,
    );
    const told = {
      "csi.storage.k8s.io/volumesnapshot/name": "n",
      "csi.storage.k8s.io/volumesnapshotcontent/name": "c",
    };
    await controller.call.CreateSnapshot({ name: "told", source_volume_id: east, parameters: told });
  });

  it("are listed over groups, by volume, and one alone", async () => {
    const { snapshot } = await create("s3", west);
    const list = async (request: object) =>
      (await controller.call.ListSnapshots(request)).entries.map((entry) => entry.snapshot!.snapshot_id);
    const all = await list({});
    expect(all).to.include(snapshot!.snapshot_id).and.to.deep.equal(all.toSorted());
    expect(await list({ source_volume_id: west })).to.deep.equal([snapshot!.snapshot_id]);
    expect(await list({ snapshot_id: snapshot!.snapshot_id })).to.deep.equal([snapshot!.snapshot_id]);
    expect(await list({ snapshot_id: snapshot!.snapshot_id, source_volume_id: east })).to.deep.equal([]);
    for (const none of [`west/${UNKNOWN}`, "no handle", UNKNOWN]) {
      expect(await list({ snapshot_id: none }), none).to.deep.equal([]);
      expect(await list({ source_volume_id: none }), none).to.deep.equal([]);
    }
    const paged: string[] = [];
    let starting_token = "";
    do {
      const page = await controller.call.ListSnapshots({ max_entries: 1, starting_token });
      paged.push(...page.entries.map((entry) => entry.snapshot!.snapshot_id));
      starting_token = page.next_token;
    } while (starting_token !== "");
    expect(paged).to.deep.equal(all);
    await expectFailure(list({ starting_token: "x" }), "ABORTED", /starting_token/);
  });

  it("are deleted, and deleted when they are gone; a group that is not known may have them", async () => {
    const { snapshot } = await create("s4", east);
    const { snapshot_id } = snapshot!;
    for (let times = 0; times < 2; times++) await controller.call.DeleteSnapshot({ snapshot_id });
    await expectFailure(controller.call.GetSnapshot({ snapshot_id }), "NOT_FOUND", /./);
    await controller.call.DeleteSnapshot({ snapshot_id: "no handle" });
    await expectFailure(
      controller.call.DeleteSnapshot({ snapshot_id: "" }),
      "INVALID_ARGUMENT",
      /snapshot_id/,
    );
    await expectFailure(
      controller.call.DeleteSnapshot({ snapshot_id: `nowhere/${UNKNOWN}` }),
      "UNAVAILABLE",
      /group nowhere/,
    );
  });
});

describe("controller CreateVolume from a source", () => {
  const controller = testController({ groups: ["east", "west"] });
  const MiB = 2 ** 20;
  let volume_id: string;
  let snapshot_id: string;

  before(async () => {
    volume_id = await makeVolume(controller, "origin", 8);
    snapshot_id = (await controller.call.CreateSnapshot({ name: "s", source_volume_id: volume_id })).snapshot!
      .snapshot_id;
  });

  const copy = async (name: string, source: object, more: object = {}) =>
    (
      await controller.call.CreateVolume({
        name,
        volume_capabilities: [WRITER],
        volume_content_source: source,
        ...more,
      })
    ).volume!;
  const ofVolume = () => ({ volume: { volume_id } });
  const ofSnapshot = () => ({ snapshot: { snapshot_id } });

  it("has its source's size and group when nobody says more", async () => {
    for (const [name, source] of [
      ["clone", ofVolume()],
      ["restored", ofSnapshot()],
    ] as const) {
      const made = await copy(name, source);
      expect(made.capacity_bytes).to.equal(String(8 * MiB));
      expect(made.volume_id.split("/")[0]).to.equal(volume_id.split("/")[0]);
      expect(made.content_source).to.deep.include(source);
      expect(await copy(name, source), "the same again").to.deep.equal(made);
    }
  });

  it("may be larger, and never smaller", async () => {
    const sized = (required_bytes: number, limit_bytes = 0) => ({
      capacity_range: { required_bytes, limit_bytes },
    });
    expect((await copy("larger", ofSnapshot(), sized(16 * MiB))).capacity_bytes).to.equal(String(16 * MiB));
    expect((await copy("at-least", ofVolume(), sized(6 * MiB))).capacity_bytes).to.equal(String(8 * MiB));
    await expectFailure(copy("smaller", ofVolume(), sized(6 * MiB, 6 * MiB)), "OUT_OF_RANGE", /at least/);
  });

  it("is refused of what does not exist, or of nothing", async () => {
    await expectFailure(copy("x", { snapshot: { snapshot_id: `east/${UNKNOWN}` } }), "NOT_FOUND", /./);
    await expectFailure(copy("x", { snapshot: { snapshot_id: "no handle" } }), "NOT_FOUND", /./);
    await expectFailure(copy("x", { volume: { volume_id: `east/${UNKNOWN}` } }), "NOT_FOUND", /./);
    await expectFailure(copy("x", { volume: { volume_id: "" } }), "INVALID_ARGUMENT", /names neither/);
  });

  it("is refused where the topology leaves its source's group out", async () => {
    const elsewhere = volume_id.startsWith("east/") ? "west" : "east";
    const accessibility_requirements = { requisite: [{ segments: { [NAMES.topologyKey]: elsewhere } }] };
    await expectFailure(
      copy("far", ofVolume(), { accessibility_requirements }),
      "RESOURCE_EXHAUSTED",
      /the source is in group/,
    );
  });

  it("of a name that exists without a source, or with another, is ALREADY_EXISTS", async () => {
    await expectFailure(copy("origin", ofSnapshot()), "ALREADY_EXISTS", /./);
    await copy("taken", ofVolume());
    await expectFailure(copy("taken", ofSnapshot()), "ALREADY_EXISTS", /another source/);
  });
});

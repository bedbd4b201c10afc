import { expect } from "chai";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { makeVolume, NAMES, testController, WRITER } from "../support/controller.ts";

describe("controller ListVolumes", () => {
  const controller = testController();
  const list = (max_entries = 0, starting_token = "") =>
    controller.call.ListVolumes({ max_entries, starting_token });
  const idsOf = ({ entries }: Awaited<ReturnType<typeof list>>) =>
    entries.map(({ volume }) => volume?.volume_id ?? "");
  let handles: string[] = [];

  it("is empty, without a token, in an empty pool", async () => {
    expect(await list()).to.deep.equal({ entries: [], next_token: "" });
    expect(await list(5)).to.deep.equal({ entries: [], next_token: "" });
  });

  it("shows each volume with size and place", async () => {
    handles = await Promise.all(Array.from({ length: 7 }, (_, index) => makeVolume(controller, `v${index}`)));
    handles.sort();
    const all = await list();
    expect(idsOf(all)).to.deep.equal(handles);
    expect(all.next_token).to.equal("");
    expect(all.entries[0]?.volume).to.deep.include({
      capacity_bytes: String(8 * 2 ** 20),
      accessible_topology: [{ segments: { [NAMES.topologyKey]: "local" } }],
    });
  });

  it("names the nodes that have a volume", async () => {
    const [volume_id = ""] = handles;
    const node_id = fakeVm(1).id;
    await controller.call.ControllerPublishVolume({ volume_id, node_id, volume_capability: WRITER });
    const { entries } = await list();
    expect(entries.map(({ status }) => status?.published_node_ids.length)).to.deep.equal([
      1, 0, 0, 0, 0, 0, 0,
    ]);
    expect(entries[0]?.status?.published_node_ids).to.deep.equal([node_id]);
    await controller.call.ControllerUnpublishVolume({ volume_id, node_id });
    expect((await list()).entries[0]?.status?.published_node_ids).to.deep.equal([]);
  });

  for (const size of [1, 2, 3, 6, 7, 8, 1000, 2 ** 31 - 1]) {
    it(`comes in pages of ${size}, each volume once`, async () => {
      const seen: string[] = [];
      let token = "";
      do {
        const page = await list(size, token);
        expect(page.entries.length).to.be.within(1, size);
        seen.push(...idsOf(page));
        token = page.next_token;
      } while (token !== "");
      expect(seen).to.deep.equal(handles);
    });
  }

  it("goes on where it was while volumes come and go", async () => {
    const first = await list(3);
    // The last one seen, one seen before and the next one go; whatever comes, those that stay are listed once.
    for (const index of [0, 2, 3]) await controller.call.DeleteVolume({ volume_id: handles[index]! });
    const added = await makeVolume(controller, "added");
    const rest = await list(0, first.next_token);
    const last = handles[2]!;
    const expected = [...handles.slice(4), ...(added > last ? [added] : [])].sort();
    expect(idsOf(rest)).to.deep.equal(expected);
    handles = [handles[1]!, ...handles.slice(4), added].sort();
    expect(idsOf(await list())).to.deep.equal(handles);
  });

  it("ends quietly when all that was to follow is gone", async () => {
    const first = await list(handles.length - 1);
    expect(first.next_token).not.to.equal("");
    await controller.call.DeleteVolume({ volume_id: handles.pop()! });
    expect(await list(5, first.next_token)).to.deep.equal({ entries: [], next_token: "" });
  });

  for (const token of [
    "x",
    "0",
    "-1",
    "99999",
    "local",
    "/",
    "local/x",
    "local/v1-",
    "local/v2-x",
    "local/../x",
    "nosuch/x",
  ]) {
    it(`refuses the token ${JSON.stringify(token)}`, async () => {
      await expectFailure(list(0, token), "ABORTED", /start again/);
    });
  }

  it("refuses a negative number of entries", async () => {
    await expectFailure(list(-1), "INVALID_ARGUMENT", /negative/);
  });
});

import { expect } from "chai";
import { startTestAgent, testCall, type TestAgent } from "../../../support/agent.ts";
import { needsLoopDevices } from "../../../support/needs-loop-devices.ts";
import { scratchDirectory } from "../../../support/scratch-directory.ts";
import { NameHistory } from "../load/name-history.ts";
import { LABEL } from "../load/observe.ts";
import { cutAndLook } from "./cut-and-look.ts";
import { watchFlushes, type Flushes } from "./flushes.ts";
import { powerSupply, type PowerSupply } from "./power-supply.ts";

const SIZE = 8 * 1024 * 1024;
/** Something else may flush what a lost flush should have; not every time. */
const TRIES = 5;

type Change = "create" | "delete" | "expand";

/** Every place that flushes in these changes, and what shows when it does not. */
const places: readonly { readonly change: Change; readonly what: string; readonly place: RegExp }[] = [
  { change: "create", what: "the record", place: /^agent\/engine\/records\/record-file\.ts/ },
  {
    change: "create",
    what: "the disk",
    place: /^vhdx\/storage\/fillable-file\.ts < vhdx\/operations\/create\.ts/,
  },
  {
    change: "create",
    what: "the name",
    place: /^agent\/engine\/pool\/directory-sync\.ts < agent\/engine\/records\/new-disk\.ts/,
  },
  {
    change: "delete",
    what: "the removal",
    place: /^agent\/engine\/pool\/directory-sync\.ts < agent\/engine\/volumes\/delete-volume\.ts/,
  },
  // One fdatasync of a file makes good for those before it. The order within the file has tests of its own, which
  // lose each flush alone, write by write: those of the VHDX library.
  {
    change: "expand",
    what: "the disk",
    place: /^vhdx\/storage\/fillable-file\.ts < vhdx\/storage\/file\.ts < vhdx\/(format|log)\//,
  },
];

const article = (change: Change) => `${change === "expand" ? "an" : "a"} ${change}`;

describe("a power cut after a flush that was left out", function () {
  this.timeout(300_000);
  const path = scratchDirectory();
  before(needsLoopDevices);
  let supply: PowerSupply;
  let agent: TestAgent;
  let flushes: Flushes;
  let count = 0;
  /** Places that flushed in the last change. */
  let flushed: string[] = [];
  before(async () => {
    supply = await powerSupply(path);
    agent = await startTestAgent(supply.pool);
    flushes = await watchFlushes();
  });
  after(() => {
    flushes.restore();
  });
  after(() => agent.close());

  /** Makes the change on a volume of its own, each of its flushes done but `lost`, and cuts the power. */
  async function cutAfter(change: Change, lost: RegExp | undefined): Promise<string[]> {
    const history = new NameHistory(`volume ${change}-${count++}`);
    const name = history.name.slice("volume ".length);
    const volume = { id: undefined, size: SIZE, label: "x", content: 0, vm: undefined, pool: "default" };
    const create = async () => {
      history.asked(volume);
      const options = { size: BigInt(SIZE), labels: { [LABEL]: "x" } };
      const { id } = await agent.client.createVolume(name, options, testCall());
      history.acknowledged(id);
      return id;
    };
    const prepared = change === "create" ? "" : await create();
    flushes.seen.clear();
    flushes.dropped = lost;
    try {
      if (change === "create") await create();
      if (change === "delete") {
        history.asked(undefined);
        await agent.client.deleteVolume(prepared, testCall());
      }
      if (change === "expand") {
        history.asked({ ...volume, id: prepared, size: 2 * SIZE });
        await agent.client.expandVolume(prepared, BigInt(2 * SIZE), undefined, testCall());
      }
      history.acknowledged();
    } finally {
      flushed = [...flushes.seen];
      flushes.dropped = undefined;
    }
    const wrong = await cutAndLook(supply, [history]).catch((error: unknown) => [String(error)]);
    // What was left out stays out of the way of the next try.
    const { id } = history.now ?? { id: undefined };
    if (id !== undefined) await agent.client.deleteVolume(id, testCall());
    return wrong.filter((text) => text.includes(name));
  }

  for (const change of ["create", "delete", "expand"] as const) {
    it(`has nothing to show for ${article(change)} that flushed everything, and every place is known`, async () => {
      expect(await cutAfter(change, undefined)).to.deep.equal([]);
      const known = places.filter((each) => each.change === change);
      const unknown = flushed.filter((place) => !known.some((each) => each.place.test(place)));
      expect(unknown).to.deep.equal([]);
      expect(flushed.length).to.be.at.least(known.length);
    });
  }

  for (const { change, what, place } of places) {
    it(`shows that ${article(change)} needs the flush of ${what}`, async () => {
      let wrong: string[] = [];
      for (let tries = 0; tries < TRIES && wrong.length === 0; tries++) wrong = await cutAfter(change, place);
      console.log(`      ${wrong[0]?.slice(0, 160) ?? "nothing was wrong"}`);
      expect(wrong).not.to.deep.equal([]);
    });
  }
});

import { expect } from "chai";
import { mayGrowMountedExt4 } from "../../src/node/linux/growth.ts";
import type { Use } from "../support/node-rig.ts";
import { type Role, roles } from "../support/role-processes.ts";
import { drivers, onXfs } from "./support/driver.ts";
import { Life, type Step, steps } from "./support/life.ts";
import { leftBehind } from "./support/nothing-left.ts";

const uses: Use[] = [{ access: "block" }, { fsType: "xfs" }];

/** Every one, every pair and all, in each order. */
function ordersOf(of: readonly Role[]): Role[][] {
  return of.flatMap((first) => [
    [first],
    ...ordersOf(of.filter((role) => role !== first)).map((rest) => [first, ...rest]),
  ]);
}

/** A life, and how far it is. */
interface Going {
  readonly life: Life;
  done: number;
  /** What the last call was told. */
  answer: unknown;
}

describe("agent, controller and node, killed with -9 after any call of a volume's life, in any order", function () {
  this.timeout(600_000);
  const driver = drivers(onXfs(64));
  before(async () => {
    if (await mayGrowMountedExt4()) uses.push({ fsType: "ext4" });
    else console.log("      without ext4, which can't grow here while it is mounted");
  });
  let born = 0;
  const newLife = (): Going => {
    const life = new Life(driver(), `life-${born}`, uses[born % uses.length]!);
    born++;
    return { life, done: 0, answer: undefined };
  };

  async function call(going: Going, { name, call: of }: Step): Promise<void> {
    try {
      going.answer = await of(going.life);
    } catch (error) {
      throw new Error(`${name} of ${going.life.disk.name}`, { cause: error });
    }
    going.done++;
  }

  async function go(going: Going, until: number): Promise<void> {
    for (const step of steps.slice(going.done, until)) await call(going, step);
  }

  /** The call that was answered last gets the same answer, and what was written is there. */
  async function repeat({ life, done, answer }: Going): Promise<void> {
    const step = steps[done - 1]!;
    expect(await step.call(life), `${step.name} of ${life.disk.name}, again`).to.deep.equal(answer);
    for (const disk of [life.disk, life.copy]) {
      const isWritten = disk === life.copy || done > steps.findIndex(({ name }) => name === "a write");
      if (!disk.isShown || !isWritten) continue;
      expect((await life.read(disk)).equals(life.marker), `${disk.name} after ${step.name}`).to.equal(true);
    }
  }

  it("repeat each answer, go on and lose no byte", async () => {
    // One life at each call, so that one restart lies after each call at once; after it each life goes on by one.
    const lives = Array.from({ length: steps.length }, newLife);
    await Promise.all(lives.map((going, index) => go(going, index + 1)));
    const orders = ordersOf(roles);
    for (const order of orders) {
      for (const role of order) await driver().kill(role);
      for (const role of order) await driver().start(role);
      await Promise.all(lives.map(repeat)).catch((error: unknown) => {
        throw new Error(`after a restart of ${order.join(", ")}`, { cause: error });
      });
      const published = lives.flatMap(({ life: { disk, copy } }) => [disk, copy]).filter(isAttached);
      const { entries = [] } = await driver().controller.ListVolumes({});
      const told = entries.filter(({ status }) => status?.published_node_ids?.join() === driver().vms[0]);
      expect(told.map(({ volume }) => volume?.volume_id)).to.have.members(published.map(({ id }) => id));

      const [ended] = lives.splice(
        lives.findIndex(({ done }) => done === steps.length),
        1,
      );
      expect(ended?.done).to.equal(steps.length);
      await Promise.all(lives.map((going) => go(going, going.done + 1)));
      const next = newLife();
      await go(next, 1);
      lives.push(next);
    }
    await Promise.all(lives.map((going) => go(going, steps.length)));
    console.log(
      `      ${orders.length} orders of restarts after each of ${steps.length} calls, ${born} lives`,
    );
    expect(orders).to.have.lengthOf(15);
    expect(await leftBehind(driver())).to.deep.equal([]);
  });
});

function isAttached({ publishContext }: Life["disk"]): boolean {
  return Object.keys(publishContext).length > 0;
}

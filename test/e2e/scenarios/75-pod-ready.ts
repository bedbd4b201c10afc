import { expect } from "chai";
import { claim } from "../help/claims.ts";
import { ownTimes } from "../help/driver-figures.ts";
import { Namespace } from "../help/namespace.ts";
import { pod } from "../help/pods.ts";

const ROUNDS = 5;
/** The whole time beside what all but the driver takes of it. */
const MOST = 1.5;

describe("a pod with a new volume", () => {
  const namespace = new Namespace("ready");

  it("is ready soon after what does not depend on the driver", async () => {
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = await ownTimes();
      const started = performance.now();
      const name = `fresh-${round}`;
      await namespace.make(claim(name), pod(name, { claim: name }));
      await namespace.wait(`pod/${name}`, "condition=Ready");
      const whole = (performance.now() - started) / 1000;
      const steps = [...(await ownTimes())].flatMap(([method, { seconds }]) => {
        const own = seconds - (before.get(method)?.seconds ?? 0);
        return own < 0.001 ? [] : [{ method, own }];
      });
      const own = steps.reduce((sum, step) => sum + step.own, 0);
      ratios.push(whole / (whole - own));
      const split = steps.map((step) => `${step.method} ${step.own.toFixed(2)}`).join(", ");
      console.log(`      ready after ${whole.toFixed(1)} s, the driver's own ${own.toFixed(2)} s: ${split}`);
    }
    ratios.sort((one, other) => one - other);
    expect(ratios[ROUNDS >> 1]).to.be.at.most(MOST);
  });
});

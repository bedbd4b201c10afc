import { expect } from "chai";
import { claim } from "../help/claims.ts";
import { ownTimes, peakMemory } from "../help/driver-figures.ts";
import { Namespace } from "../help/namespace.ts";
import { pod } from "../help/pods.ts";

const PODS = 100;

describe(`${PODS} claims with a pod each, made at once`, () => {
  const namespace = new Namespace("scale");
  const names = Array.from({ length: PODS }, (_, index) => `p${index}`);

  it("are all served", async () => {
    const before = await ownTimes();
    const started = performance.now();
    const since = () => ((performance.now() - started) / 1000).toFixed(0);
    await namespace.make(
      ...names.flatMap((name) => [claim(name, { size: "64Mi" }), pod(name, { claim: name })]),
    );
    await namespace.run(["wait", "pod", "--all", "--for=condition=Ready", "--timeout=840s"]);
    console.log(`      all ready after ${since()} s`);
    const lines = [...(await ownTimes())].flatMap(([method, { count, seconds }]) => {
      const earlier = before.get(method) ?? { count: 0, seconds: 0 };
      const [calls, took] = [count - earlier.count, seconds - earlier.seconds];
      return calls === 0 ? [] : [{ took, text: `${method}: ${calls} calls, ${took.toFixed(1)} s` }];
    });
    const total = lines.reduce((sum, { took }) => sum + took, 0);
    lines.sort((one, other) => other.took - one.took);
    console.log(`      of it the driver's own, calls at once counted each: ${total.toFixed(1)} s`);
    for (const { text } of lines.slice(0, 8)) console.log(`        ${text}`);
    const peaks = await peakMemory();
    expect([...peaks.keys()]).to.include.members(["agent", "controller", "node"]);
    for (const [role, mebibytes] of peaks)
      console.log(`      peak memory of ${role}: ${mebibytes.toFixed(0)} MiB`);
    await namespace.run(["delete", "pod", "--all", "--grace-period=1", "--timeout=600s"]);
    console.log(`      all pods gone after ${since()} s`);
  });
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { promisable } from "../../src/agent/engine/pool/room.ts";
import type { Pool } from "../../src/agent/engine/pool/pool.ts";
import type { EngineParts } from "../../src/agent/engine/parts.ts";
import { errorTable } from "../../src/kit/errors.ts";
import { chart } from "./helm.ts";

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
}

/** Values of metrics that have one series, by name. */
type Samples = Readonly<Record<string, number>>;

const TIB = 2n ** 40n;

/** True when a rule fires: `or` of comparisons of a metric, or of a quotient of two, with a number or a metric. */
function fires(expr: string, samples: Samples): boolean {
  const value = (text: string): number => {
    const [dividend = "", divisor, ...more] = text.split(" / ").map((each) => {
      const number = samples[each] ?? Number(each);
      expect(number, `${each} has a value`).not.to.deep.equal(NaN);
      return number;
    });
    expect(more).to.deep.equal([]);
    return divisor === undefined ? Number(dividend) : Number(dividend) / divisor;
  };
  return expr.split(/\s+or\s+/).some((part) => {
    const [, left = "", operator, right = ""] = /^(.+) ([<>]) (.+)$/.exec(part.trim()) ?? [];
    expect(operator, part).to.be.oneOf(["<", ">"]);
    return operator === "<" ? value(left) < value(right) : value(left) > value(right);
  });
}

/** True when the first selector of a rule takes a CSI call that ended so. */
function counts(expr: string, call: Readonly<Record<"method" | "code", string>>): boolean {
  const [, matchers = ""] = /hyperv_csi_rpc_duration_seconds_count\{([^}]*)\}/.exec(expr) ?? [];
  const found = [...matchers.matchAll(/(method|code)(=~|!~)"([^"]+)"/g)];
  expect(found, matchers).not.to.deep.equal([]);
  return found.every(([, label, operator, pattern]) => {
    const matches = new RegExp(`^(?:${pattern})$`).test(call[label as "method" | "code"]);
    return matches === (operator === "=~");
  });
}

/** What the agent's gauges say of a pool of 10 TiB; hundredths of it, but for `overcommit`. */
function poolSamples(free: bigint, reserve: bigint, promised: bigint, overcommit: number): Samples {
  const total = 10n * TIB;
  const part = (hundredths: bigint) => (total * hundredths) / 100n;
  const parts = {
    settings: { reserveOf: () => part(reserve), overcommit },
    pools: { open: () => [] },
    inventory: { claims: { promised: () => part(promised) } },
  } as unknown as EngineParts;
  const room = promisable(parts, { name: "default" } as Pool, { free: part(free), total });
  return {
    hyperv_csi_agent_pool_size_bytes: Number(total),
    hyperv_csi_agent_pool_free_bytes: Number(part(free)),
    hyperv_csi_agent_pool_promisable_bytes: Number(room),
    hyperv_csi_agent_pool_promised_bytes: Number(part(promised)),
  };
}

describe("the chart's alerts", () => {
  let rules: Alert[];
  before(async () => {
    rules = parse(await readFile(join(chart, "files/alerts.yaml"), "utf8")) as Alert[];
  });

  const ruleOf = (name: string) => rules.find(({ alert }) => alert === name)!.expr;

  it("are all in docs/reference/metrics.md, with their severity", async () => {
    const page = await readFile(join(import.meta.dirname, "../../docs/reference/metrics.md"), "utf8");
    const rows = [...page.matchAll(/^\| `(HypervCsi\w+)`\s+\| (\w+)/gm)].map(([, ...row]) => row);
    expect(rows).to.deep.equal(rules.map(({ alert, labels }) => [alert, labels.severity]));
  });

  it("tell of calls that fail for no fault of the caller, on the controller and on each node", () => {
    const expr = ruleOf("HypervCsiCallsFail");
    expect(expr.match(/sum by \(method, pod\)/g)).to.have.length(2);
    const counted = (method: string) =>
      Object.keys(errorTable).filter((code) => counts(expr, { method, code }));
    const codes = [
      "UNKNOWN",
      "DEADLINE_EXCEEDED",
      "PERMISSION_DENIED",
      "INTERNAL",
      "UNAVAILABLE",
      "DATA_LOSS",
    ];
    expect(counted("CreateVolume")).to.have.members(codes);
    // UNAUTHENTICATED of a node is a passphrase that somebody has put wrong into a Secret.
    expect(counted("NodeStageVolume")).to.have.members(codes);
  });

  it("tell of an agent that refuses the controller's key, and answers", () => {
    const refused = (method: string) =>
      Object.keys(errorTable).filter((code) => counts(ruleOf("HypervCsiKeyRefused"), { method, code }));
    for (const method of ["CreateVolume", "ControllerPublishVolume", "GetCapacity"]) {
      expect(refused(method)).to.have.members(["UNAUTHENTICATED", "PERMISSION_DENIED"]);
    }
    expect(refused("NodeStageVolume")).to.deep.equal([]);
  });

  for (const [what, free, reserve, promised, overcommit, isNearlyFull] of [
    ["has room", 50n, 10n, 0n, 1, false],
    ["has a little more than a tenth left", 21n, 10n, 0n, 1, false],
    ["has a little less than a tenth left", 19n, 10n, 0n, 1, true],
    ["is full of written disks, but for the reserve", 10n, 10n, 0n, 1, true],
    ["is full to the last byte", 0n, 0n, 0n, 1, true],
    ["has promised what is free", 50n, 10n, 40n, 1, true],
    ["has promised more than is free", 10n, 0n, 40n, 1, true],
    ["may promise its room five times, and has room", 50n, 10n, 60n, 5, false],
    ["may promise its room five times, and has promised nearly all of it", 50n, 10n, 195n, 5, true],
    ["may promise its room five times, and runs full of written disks", 9n, 0n, 10n, 5, true],
  ] as const) {
    it(`${isNearlyFull ? "tell" : "don't tell"} of a pool that ${what}`, () => {
      const samples = poolSamples(free, reserve, promised, overcommit);
      expect(fires(ruleOf("HypervCsiPoolNearlyFull"), samples)).to.equal(isNearlyFull);
      expect(fires(ruleOf("HypervCsiPoolOverpromised"), samples)).to.equal(promised > free);
    });
  }
});

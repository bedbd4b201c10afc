import type { Timing } from "../statistics.ts";
import type { Growth } from "./growing-pool.ts";
import type { RoleFigures } from "./roles.ts";
import type { StageFigures } from "./stage.ts";

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly product: Timing;
  readonly probe?: Timing;
  /** The share of the probe's rate that it should have at least, from 0 to 1. */
  readonly goal?: number;
  /** What its p99 should be at most, ms. */
  readonly goalP99?: number;
}

export interface Figures {
  readonly roles: Readonly<Record<string, RoleFigures>>;
  readonly rows: readonly Row[];
  readonly stages: readonly StageFigures[];
  readonly growth: Growth;
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

function line(...cells: string[]): void {
  const padded = cells.map((cell, index) => (index === 0 ? cell.padEnd(34) : cell.padStart(12)));
  process.stdout.write(`${padded.join("")}\n`);
}

/** Prints all of it. */
export function report({ roles, rows, stages, growth }: Figures): void {
  line("role", "ready ms", "idle MiB");
  for (const [role, { startToReadyMs, idleMiB }] of Object.entries(roles)) {
    line(role, startToReadyMs.toFixed(0), idleMiB.toFixed(1));
  }
  process.stdout.write("\n");
  line("operation", "per second", "p50 ms", "p99 ms", "p99/p50", "limit/s", "of limit", "goal");
  for (const { what, product, probe, goal, goalP99 } of rows) {
    line(
      what,
      product.perSecond.toFixed(1),
      product.p50.toFixed(2),
      product.p99.toFixed(2),
      (product.p99 / product.p50).toFixed(1),
      probe?.perSecond.toFixed(1) ?? "",
      probe === undefined ? "" : percent(product.perSecond / probe.perSecond),
      goal === undefined ? (goalP99 === undefined ? "" : `p99 <= ${goalP99}`) : `>= ${percent(goal)}`,
    );
  }
  process.stdout.write("\n");
  for (const { size, stage, bare, ratio, goal, proven, ratioProven } of stages) {
    process.stdout.write(
      `stage of a blank disk of ${size} GiB: ${stage.toFixed(1)} ms; in a shell mkfs and mount: ${bare.toFixed(1)} ms: ` +
        `${ratio.toFixed(2)} times (goal: at most ${goal}); with the same proof before: ${proven.toFixed(1)} ms: ` +
        `${ratioProven.toFixed(2)} times\n`,
    );
  }
  process.stdout.write(
    `from ${growth.few} to ${growth.many} volumes: create takes ${growth.createRatio.toFixed(2)} times as long, ` +
      `a page of a list ${growth.listPageRatio.toFixed(2)} times\n`,
  );
}

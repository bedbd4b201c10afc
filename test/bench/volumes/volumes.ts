import { join } from "node:path";
import { buildBundle } from "../../../scripts/build.ts";
import { endOwnProcesses } from "../../support/own-processes.ts";
import { createsAndDeletes } from "./creates.ts";
import { startDriver } from "./driver.ts";
import { growingPool } from "./growing-pool.ts";
import { livesOfVolumes } from "./life.ts";
import { repeatedNodeCalls } from "./repeated.ts";
import { report, type Figures, type Row } from "./report.ts";
import { measureRoles } from "./roles.ts";
import { stagesBesideBare } from "./stage.ts";

const CONCURRENCIES = [1, 8, 32];

/** The driver under load, beside what the machine allows. A call that fails ends it with that error. */
export async function benchVolumes(directory: string): Promise<Figures> {
  await buildBundle();
  try {
    const roles = await measureRoles(join(directory, "roles"));
    const driver = await startDriver(join(directory, "driver"));
    const stages = await stagesBesideBare(driver, directory);
    const rows: Row[] = await repeatedNodeCalls(driver);
    for (const concurrency of CONCURRENCIES) {
      rows.push(...(await createsAndDeletes(driver, directory, concurrency)));
    }
    for (const concurrency of CONCURRENCIES) {
      rows.push(...(await livesOfVolumes(driver, directory, concurrency)));
    }
    const growth = await growingPool(driver, rows);
    await driver.stop();
    const figures = { roles, rows, stages, growth };
    report(figures);
    return figures;
  } finally {
    await endOwnProcesses();
  }
}

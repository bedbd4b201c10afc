import { readFile, stat } from "node:fs/promises";
import { expect } from "chai";
import { openAuditLog } from "../../../src/agent/audit/audit-log.ts";
import { auditedEngine } from "../../../src/agent/audit/audited-engine.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { engineRigs, exactly, newVolume } from "../../support/engine-rig.ts";
import { rejection } from "../../support/failure.ts";
import { context } from "../../support/local-rig.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

describe("audit log", () => {
  const path = temporaryDirectory();
  const newRig = engineRigs();
  const asked = () => ({ ...context(), requestId: "r-1", caller: "controller@10.0.0.7" });

  /** What is noted while a volume lives and dies. */
  async function liveOnce(note: Parameters<typeof auditedEngine>[1]) {
    const rig = await newRig();
    const engine = auditedEngine(rig.engine, note);
    const { id } = await engine.createVolume(newVolume("data", exactly(8n * MiB)), asked());
    const vmId = rig.host.vms[0]!.id;
    await engine.attach(vmId, id, false, undefined, asked());
    await engine.listVolumes({ maxEntries: 0, token: undefined }, asked());
    await rejection(engine.deleteVolume(id, asked()));
    await engine.detach(vmId, id, asked());
    await engine.deleteVolume(id, asked());
    await engine.doctor(false, asked());
    return { id, vmId };
  }

  it("tells of each change who, what, how it ended and how long it took; of no read", async () => {
    const file = path("audit.log");
    const audit = openAuditLog(file, recordedLog().log);
    const { id, vmId } = await liveOnce(audit.note);
    audit.close();
    const entries = (await readFile(file, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries.map(({ operation, code }) => `${String(operation)} ${String(code)}`)).to.deep.equal([
      "create OK",
      "attach OK",
      "delete FAILED_PRECONDITION",
      "detach OK",
      "delete OK",
    ]);
    for (const entry of entries) {
      expect(entry).to.include({ caller: "controller@10.0.0.7", requestId: "r-1" });
      expect(entry["ms"]).to.be.a("number");
      expect(Date.parse(String(entry["time"]))).to.be.closeTo(Date.now(), 60_000);
    }
    expect(entries[0]!["subject"]).to.deep.equal({ name: "data", size: String(8n * MiB), id });
    expect(entries[1]!["subject"]).to.deep.equal({ id, vmId, readOnly: false });
    expect(entries[2]!["error"]).to.match(/attached/);
  });

  it("is a file for its owner alone, and goes on where it was", async () => {
    const file = path("kept.log");
    for (let start = 0; start < 2; start++) {
      const audit = openAuditLog(file, recordedLog().log);
      await liveOnce(audit.note);
      audit.close();
    }
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect((await readFile(file, "utf8")).trim().split("\n")).to.have.lengthOf(10);
  });

  it("goes to the log when it has no file of its own", async () => {
    const { log, lines } = recordedLog();
    await liveOnce(openAuditLog(undefined, log).note);
    expect(lines().filter(({ audit }) => audit === true)).to.have.lengthOf(5);
  });

  it("refuses a file that can't be written", () => {
    expect(() => openAuditLog(path("none/audit.log"), recordedLog().log)).to.throw(/can't be written/);
  });

  it("tells in the log when its disk is full, and goes on", async () => {
    const { log, lines } = recordedLog();
    const audit = openAuditLog("/dev/full", log);
    await liveOnce(audit.note);
    expect(lines().some(({ msg }) => msg === "the audit log can't be written")).to.equal(true);
  });
});

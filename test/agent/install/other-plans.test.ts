import { expect } from "chai";
import type { Program } from "../../../src/agent/install/install-plan.ts";
import type { Step } from "../../../src/agent/install/plan.ts";
import { uninstallPlan } from "../../../src/agent/install/uninstall-plan.ts";
import { upgradePlan } from "../../../src/agent/install/upgrade-plan.ts";
import { planRequest } from "../../support/plan-request.ts";
import { splitCommandLine } from "../../support/split-command-line.ts";

const program: Program = {
  version: "2.0.0",
  digest: "f".repeat(64),
  node: "24.21.0",
  files: ["hyperv-csi.mjs"],
  sources: ["service-host/Program.cs"],
};
const home = "C:\\Program Files\\hyperv-csi\\2.0.0-ffffffffffff";
const before =
  '"C:\\Program Files\\hyperv-csi\\1.0.0-0123456789ab\\hyperv-csi-service.exe" --log-directory x -- agent';
const installed = {
  service: { running: true, commandLine: before },
  configuration: "group: rack-1\napiKeyFile: C:\\k\npools: [{name: a, directory: 'D:\\Volumes'}]\n",
};

/** `sc.exe stop`, `copyFile`, …: what happens, in order. */
const order = (steps: readonly Step[]) =>
  steps.map((step) => {
    if (step.kind !== "run") return step.kind;
    const name = step.program.split("\\").at(-1) ?? "";
    return name === "sc.exe" ? `sc ${splitCommandLine(step.arguments)[0] ?? ""}` : name;
  });
const binPath = (steps: readonly Step[]) =>
  steps
    .flatMap((step) => (step.kind === "run" ? [splitCommandLine(step.arguments)] : []))
    .find(([verb]) => verb === "config")?.[3];

describe("the plan of an upgrade", () => {
  const plan = () => upgradePlan(planRequest(installed), program);

  it("lays the new build down before the old one stops", () => {
    expect(order(plan().steps)).to.deep.equal([
      ...["makeDirectory", "copyFile", "copyFile", "csc.exe"],
      ...["sc stop", "waitForService", "sc config", "sc start", "waitForService", "node.exe"],
    ]);
    expect(binPath(plan().steps)).to.contain(`${home}\\hyperv-csi-service.exe`);
  });

  it("touches no configuration, key, pool or directory but its own", () => {
    const touched = plan().steps.flatMap((step) =>
      step.kind === "makeDirectory" ? [step.path] : step.kind === "copyFile" ? [step.to] : [],
    );
    for (const path of touched) expect(path.startsWith(home), path).to.equal(true);
    expect(plan().steps.filter(({ kind }) => kind === "makeKey" || kind === "writeNewFile")).to.deep.equal(
      [],
    );
  });

  it("goes back to the very command line that ran before, and starts it", () => {
    const { undo } = plan();
    expect(order(undo)).to.deep.equal([
      ...["sc stop", "waitForService", "sc config", "sc start", "waitForService", "removeProgramDirectory"],
    ]);
    expect(binPath(undo)).to.equal(before);
    expect(undo.at(-1)).to.include({ path: home });
  });

  it("leaves a service that does not run as it is", () => {
    const stopped = { ...installed, service: { running: false, commandLine: before } };
    const { steps, undo, warnings } = upgradePlan(planRequest(stopped), program);
    expect(
      order([...steps, ...undo]).filter((name) => name === "sc start" || name === "sc stop"),
    ).to.deep.equal([]);
    expect(warnings.join()).to.contain("does not run");
  });

  for (const [what, facts, wishes, problem] of [
    ["nothing is installed", { ...installed, service: null }, {}, "install.ps1"],
    ["the configuration is elsewhere", { ...installed, configuration: null }, {}, "-ConfigDirectory"],
    [
      "this very build runs",
      {
        ...installed,
        service: { running: true, commandLine: `"${home.toUpperCase()}\\HYPERV-CSI-SERVICE.EXE"` },
      },
      {},
      "runs this build already",
    ],
    ["the cluster runs it here", installed, { clustered: true }, "move the role"],
    ["nobody is administrator", { ...installed, isAdministrator: false }, {}, "administrator"],
  ] as const) {
    it(`is empty when ${what}`, () => {
      const { problems, steps } = upgradePlan(planRequest(facts, wishes), program);
      expect(problems.join("\n")).to.contain(problem);
      expect(steps).to.deep.equal([]);
    });
  }
});

describe("the plan of an uninstallation", () => {
  const plan = (facts = {}, wishes = {}) =>
    uninstallPlan(planRequest({ ...installed, ...facts }, wishes), program);

  it("takes service, rule, source and programs away", () => {
    expect(order(plan().steps)).to.deep.equal([
      ...["sc stop", "waitForService", "sc delete", "netsh.exe", "reg.exe", "removeProgramDirectory"],
    ]);
  });

  it("removes no other directory, and says what stays where", () => {
    const removed = plan().steps.flatMap((step) =>
      step.kind === "removeProgramDirectory" ? [step.path] : [],
    );
    expect(removed).to.deep.equal(["C:\\Program Files\\hyperv-csi"]);
    const said = plan().closing.join("\n");
    for (const text of ["No volume was touched", "D:\\Volumes", "C:\\ProgramData\\hyperv-csi"]) {
      expect(said).to.contain(text);
    }
  });

  it("works on what is left of a broken installation", () => {
    const { problems, steps } = plan({ service: null, configuration: "group: [" });
    expect(problems).to.deep.equal([]);
    expect(order(steps)).to.deep.equal(["netsh.exe", "reg.exe", "removeProgramDirectory"]);
  });

  it("lets Defender look again only when it is asked", () => {
    expect(order(plan().steps)).not.to.include("includeInDefender");
    expect(order(plan({}, { excludeFromDefender: true }).steps)).to.include("includeInDefender");
  });

  it("is for administrators, on a member where the cluster does not run the agent", () => {
    expect(plan({ isAdministrator: false }).problems).to.have.length(1);
    expect(plan({}, { clustered: true }).problems.join()).to.contain("the role");
  });
});

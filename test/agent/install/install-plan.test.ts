import { expect } from "chai";
import fc from "fast-check";
import { installPlan, type Program } from "../../../src/agent/install/install-plan.ts";
import type { Plan, Step } from "../../../src/agent/install/plan.ts";
import type { MachineFacts, Wishes } from "../../../src/agent/install/request.ts";
import { planRequest } from "../../support/plan-request.ts";
import { splitCommandLine } from "../../support/split-command-line.ts";

const program: Program = {
  version: "1.2.3",
  digest: "0123456789abcdef".repeat(4),
  node: "24.21.0",
  files: ["hyperv-csi.mjs", "LICENSE", "powershell/worker.ps1"],
  sources: ["service-host/Program.cs"],
};
const home = "C:\\Program Files\\hyperv-csi\\1.2.3-0123456789ab";

const planOf = (...request: Parameters<typeof planRequest>) => installPlan(planRequest(...request), program);

/** Commands of a plan, program without its path first. */
function commands(steps: readonly Step[]): string[][] {
  return steps
    .flatMap((step) => (step.kind === "makeDirectory" ? [step, ...step.whenMade] : [step]))
    .flatMap((step) =>
      step.kind === "run"
        ? [[step.program.split("\\").at(-1) ?? "", ...splitCommandLine(step.arguments)]]
        : [],
    );
}
const called = ({ steps }: Plan, ...start: string[]) =>
  commands(steps).filter((command) => start.every((word, index) => command[index] === word));

describe("the plan of an installation", () => {
  it("registers a service that runs this build and is stopped by the end of its input", () => {
    const [create = []] = called(planOf(), "sc.exe", "create", "hyperv-csi");
    expect(create.slice(3)).to.include.members(["start=", "auto", "depend=", "vmms", "obj=", "LocalSystem"]);
    expect(splitCommandLine(create[create.indexOf("binPath=") + 1] ?? "")).to.deep.equal([
      `${home}\\hyperv-csi-service.exe`,
      ...["--log-directory", "C:\\ProgramData\\hyperv-csi\\logs", "--stop-seconds", "120"],
      ...["--", "agent", "--config", "C:\\ProgramData\\hyperv-csi\\agent.yaml", "--stop-on-stdin-end"],
    ]);
  });

  it("has it started again when it fails, and stopped before Windows goes down", () => {
    const plan = planOf();
    expect(called(plan, "sc.exe", "failure")[0]).to.include("restart/5000/restart/15000/restart/60000");
    expect(called(plan, "sc.exe", "failureflag")[0]?.at(-1)).to.equal("1");
    // Longer than the agent may take.
    expect(Number(called(plan, "sc.exe", "preshutdown")[0]?.at(-1))).to.be.greaterThan(120_000);
  });

  it("ends with a service that is started, runs and is ready", () => {
    const steps = planOf().steps.slice(-3);
    expect(steps.map(({ kind }) => kind)).to.deep.equal(["run", "waitForService", "run"]);
    expect(commands(steps).at(-1)).to.deep.equal([
      "node.exe",
      `${home}\\hyperv-csi.mjs`,
      ...["agent", "wait-ready", "--config", "C:\\ProgramData\\hyperv-csi\\agent.yaml", "--timeout", "300s"],
    ]);
  });

  it("closes directories that it makes, before a key is in them", () => {
    const { steps } = planOf();
    const config = steps.findIndex(
      (step) => step.kind === "makeDirectory" && step.path.endsWith("ProgramData\\hyperv-csi"),
    );
    const [closing = []] = commands(steps.slice(config, config + 1));
    expect(closing).to.deep.equal([
      ...["icacls.exe", "C:\\ProgramData\\hyperv-csi", "/inheritance:r", "/grant:r"],
      ...["*S-1-5-18:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F"],
    ]);
    expect(steps.findIndex(({ kind }) => kind === "makeKey")).to.be.greaterThan(config);
  });

  it("writes a configuration that the agent takes, with all pools", () => {
    const { steps } = planOf({}, { pools: ["D:\\Volumes", "fast=D:\\Fast ones"], port: 9000 });
    const written = steps.find((step) => step.kind === "writeNewFile");
    expect(written?.kind === "writeNewFile" && written.text).to.equal(`group: rack-1
listen: 0.0.0.0:9000
apiKeyFile: C:\\ProgramData\\hyperv-csi\\api.key
stateDirectory: C:\\ProgramData\\hyperv-csi\\state
auditLogFile: C:\\ProgramData\\hyperv-csi\\logs\\audit.log
host: hyperv
pools:
  - name: default
    directory: D:\\Volumes
  - name: fast
    directory: D:\\Fast ones
`);
  });

  it("opens the port of the configuration, once however often it runs, for the addresses that may come", () => {
    const rules = called(planOf({}, { port: 9000, remoteAddresses: "10.0.0.0/8" }), "netsh.exe");
    expect(rules.map((rule) => rule[3])).to.deep.equal(["delete", "add"]);
    expect(rules[1]).to.include.members(["localport=9000", "remoteip=10.0.0.0/8", "dir=in"]);
  });

  it("follows a configuration that is there, instead of what it was told", () => {
    const configuration =
      "group: old\nlisten: 0.0.0.0:7000\napiKeyFile: C:\\k\npools: [{name: a, directory: 'D:\\Old'}]\n";
    const plan = planOf({ configuration });
    expect(called(plan, "netsh.exe")[1]).to.include("localport=7000");
    expect(plan.closing.join("\n")).to.contain("https://hv1.example.test:7000").and.contain("group: old");
    expect(plan.steps.some((step) => step.kind === "makeDirectory" && step.path === "D:\\Old")).to.equal(
      true,
    );
  });

  it("takes back service, rule, source and program, and nothing else, when a step fails", () => {
    const { undo } = planOf();
    expect(undo.flatMap((step) => (step.kind === "removeProgramDirectory" ? [step.path] : []))).to.deep.equal(
      [home],
    );
    expect(commands(undo).map(([name, verb]) => `${name ?? ""} ${verb ?? ""}`)).to.deep.equal([
      ...["sc.exe stop", "sc.exe delete", "netsh.exe advfirewall", "reg.exe delete"],
    ]);
  });

  it("tells what the controller needs, and no secret", () => {
    const { closing } = planOf();
    expect(closing.join("\n")).to.contain("url: https://hv1.example.test:9810").and.contain("tls\\tls.crt");
  });

  it("runs under a managed account that is let into all that is the agent's", () => {
    const account = { name: "EXAMPLE\\csi$", sid: "S-1-5-21-1-2-3-1104" };
    const plan = planOf({ account });
    expect(called(plan, "sc.exe", "create")[0]).to.include.members([
      "obj=",
      "EXAMPLE\\csi$",
      "password=",
      "",
    ]);
    expect(called(plan, "sc.exe", "managedaccount")).to.have.length(1);
    const opened = called(plan, "icacls.exe").filter((args) => args.includes(`*${account.sid}:(OI)(CI)F`));
    const paths = new Set(opened.map(([, path]) => path));
    expect(paths).to.deep.equal(
      new Set(["C:\\ProgramData\\hyperv-csi", "C:\\ProgramData\\hyperv-csi\\logs", "D:\\Volumes"]),
    );
  });

  it("leaves Defender alone unless it is asked", () => {
    const asked = planOf({}, { excludeFromDefender: true }).steps.filter(
      ({ kind }) => kind === "excludeFromDefender",
    );
    expect(asked.map((step) => step.kind === "excludeFromDefender" && step.path)).to.deep.equal([
      "D:\\Volumes",
    ]);
    expect(planOf().steps.some(({ kind }) => kind === "excludeFromDefender")).to.equal(false);
  });

  describe("in a failover cluster", () => {
    const volume = {
      mountPoint: "C:\\ClusterStorage\\Volume1\\",
      fileSystem: "CSVFS",
      freeBytes: "1099511627776",
    };
    const { volumes } = planRequest().facts;
    const facts = { cluster: "HV-PROD", volumes: [...volumes, volume] };
    const wishes = {
      clustered: true,
      group: "hv-prod",
      pools: ["C:\\ClusterStorage\\Volume1\\Volumes"],
      configDirectory: "C:\\ClusterStorage\\Volume1\\hyperv-csi",
    };

    it("leaves starting, and starting again, to the cluster", () => {
      const plan = planOf(facts, wishes);
      expect(plan.problems).to.deep.equal([]);
      expect(called(plan, "sc.exe", "create")[0]).to.include("demand");
      expect(called(plan, "sc.exe", "start").concat(called(plan, "sc.exe", "failure"))).to.deep.equal([]);
      expect(plan.closing.join("\n")).to.contain("Add-ClusterGenericServiceRole -ServiceName hyperv-csi");
    });

    const refused: readonly (readonly [string, Partial<Wishes>, string])[] = [
      ["another group", { group: "rack-1" }, "hv-prod"],
      ["a pool of one member", { pools: ["D:\\Volumes"] }, "D:\\Volumes is of this machine alone"],
      [
        "a configuration of one member",
        { configDirectory: null },
        "C:\\ProgramData\\hyperv-csi is of this machine alone",
      ],
      ["an agent of one member", { clustered: false }, "-Clustered"],
    ];
    for (const [what, other, problem] of refused) {
      it(`refuses ${what}`, () => {
        expect(planOf(facts, { ...wishes, ...other }).problems.join("\n")).to.contain(problem);
      });
    }

    it("is only for members", () => {
      expect(planOf({ ...facts, cluster: null }, wishes).problems.join()).to.contain("this machine is none");
    });
  });

  const { volumes } = planRequest().facts;
  const refused: readonly (readonly [string, Partial<MachineFacts>, Partial<Wishes>, string])[] = [
    ["no administrator", { isAdministrator: false }, {}, "Run as administrator"],
    ["an old Windows", { build: 9600 }, {}, "build 9600 is too old"],
    ["no module", { hypervModule: null }, {}, "Hyper-V module"],
    ["no Hyper-V", { hypervRuns: false }, {}, "vmms"],
    ["no compiler", { compiler: null }, {}, "C# compiler"],
    ["an agent that is there", { service: { running: true, commandLine: "x" } }, {}, "upgrade.ps1"],
    ["a port that is taken", { portHolder: "process 4 (System)" }, {}, "taken by process 4"],
    ["no group", {}, { group: null }, "-Group is needed"],
    ["no pool", {}, { pools: [] }, "-Pool is needed"],
    ["a pool on a share", {}, { pools: ["\\\\nas\\volumes"] }, "is on a share"],
    ["a pool that is a relative path", {}, { pools: ["Volumes"] }, "no directory below a drive"],
    ["a pool with a wildcard", {}, { pools: ["D:\\Vol*"] }, "no directory below a drive"],
    ["a pool that is a whole drive", {}, { pools: ["D:\\"] }, "no directory below a drive"],
    ["a pool on no volume", {}, { pools: ["E:\\Volumes"] }, "no file system that can be looked at"],
    ["a pool on FAT", { volumes: [volumes[0]!, { ...volumes[1]!, fileSystem: "FAT32" }] }, {}, "is on FAT32"],
    ["a full pool", { volumes: [volumes[0]!, { ...volumes[1]!, freeBytes: "1048576" }] }, {}, "1 MiB free"],
    [
      "no room for the program",
      { volumes: [{ ...volumes[0]!, freeBytes: "1" }, volumes[1]!] },
      {},
      "512 MiB",
    ],
    [
      "an account with a password",
      { account: { name: "EXAMPLE\\bob", sid: "S-1-5-21-1" } },
      {},
      "has a password",
    ],
    ["an account that nobody knows", { account: { name: "EXAMPLE\\x$", sid: null } }, {}, "is not known"],
  ];
  for (const [what, facts, wishes, problem] of refused) {
    it(`does nothing with ${what}, and says why`, () => {
      const plan = planOf(facts, wishes);
      expect(plan.problems.join("\n")).to.contain(problem);
      expect([...plan.steps, ...plan.undo, ...plan.closing]).to.deep.equal([]);
    });
  }

  it("does nothing with an old Node", () => {
    expect(installPlan(planRequest(), { ...program, node: "20.1.0" }).problems.join()).to.contain("20.1.0");
  });

  it("refuses a group that is no DNS label, with the line of the configuration", () => {
    expect(() => planOf({}, { group: "Rack 1" })).to.throw("agent.yaml:1: group is not a DNS label");
  });

  it("takes the volume that is mounted closest to the pool", () => {
    const mounted = { mountPoint: "D:\\Volumes\\", fileSystem: "NTFS", freeBytes: "1099511627776" };
    const { warnings } = planOf({ volumes: [...volumes, mounted] });
    expect(warnings.join()).to.contain("NTFS");
    expect(planOf().warnings).to.deep.equal([]);
  });

  it("quotes whatever paths there are so that each stays one argument", () => {
    const name = fc.stringMatching(/^[A-Za-z0-9 ()&^%!'$`;,+=~#@[\]{}.-]{1,20}$/);
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 3 }), (parts) => {
        const pool = `D:\\${parts.join("\\")}`;
        const plan = planOf({ programData: "C:\\Program Data (x)" }, { pools: [`p=${pool}`] });
        expect(plan.problems).to.deep.equal([]);
        const granted = called(plan, "icacls.exe").map(([, path]) => path);
        expect(granted).to.include(pool);
      }),
    );
  });
});

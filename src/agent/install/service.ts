import { type Places, SERVICE, systemProgram } from "./places.ts";
import type { Step } from "./plan.ts";
import type { PlanRequest } from "./request.ts";
import { windowsCommandLine } from "./windows-command-line.ts";

/** How long the agent may take to end its work; Windows waits a little longer before it goes down. */
const STOP_SECONDS = 120;
const PRESHUTDOWN_MS = 180_000;

/** Longest that a start may take: recovery reads what changed since the agent stopped. */
const READY_SECONDS = 300;

const DAY_SECONDS = 86_400;

/** Exit codes of sc.exe, which are errors of Windows. */
const NOT_RUNNING = 1062;
const NO_SUCH_SERVICE = 1060;

/** A command, told as what it is for. */
export function run(about: string, program: string, args: readonly string[], exitCodes = [0]): Step {
  return { kind: "run", about, program, arguments: windowsCommandLine(args), exitCodes };
}

function sc(request: PlanRequest, about: string, args: readonly string[], exitCodes = [0]): Step {
  return run(about, systemProgram(request, "sc.exe"), args, exitCodes);
}

/** What the service manager starts. */
export function serviceCommandLine({ serviceExe, logs, configFile }: Places): string {
  const own = ["--log-directory", logs, "--stop-seconds", String(STOP_SECONDS)];
  const agent = ["agent", "--config", configFile, "--stop-on-stdin-end"];
  return windowsCommandLine([serviceExe, ...own, "--", ...agent]);
}

/** A clustered role is started by its cluster alone, and started again by it. */
export function createService(request: PlanRequest, places: Places): Step[] {
  const { facts, wishes } = request;
  const account =
    facts.account === null ? ["obj=", "LocalSystem"] : ["obj=", facts.account.name, "password=", ""];
  const restarts = ["reset=", String(DAY_SECONDS), "actions=", "restart/5000/restart/15000/restart/60000"];
  const about = "Serves the volumes of this Hyper-V host to Kubernetes";
  return [
    sc(request, "create the service", [
      ...["create", SERVICE, "binPath=", serviceCommandLine(places), "DisplayName=", "Hyper-V CSI agent"],
      ...["start=", wishes.clustered ? "demand" : "auto", "depend=", "vmms", ...account],
    ]),
    sc(request, "describe the service", ["description", SERVICE, about]),
    ...(facts.account === null
      ? []
      : [sc(request, "let Windows manage the account's password", ["managedaccount", SERVICE, "true"])]),
    ...(wishes.clustered
      ? []
      : [
          sc(request, "start the service again when it fails", ["failure", SERVICE, ...restarts]),
          sc(request, "count an end with an error as a failure", ["failureflag", SERVICE, "1"]),
        ]),
    sc(request, "stop the service before Hyper-V when Windows goes down", [
      ...["preshutdown", SERVICE, String(PRESHUTDOWN_MS)],
    ]),
  ];
}

/** Starts the service, and waits until the agent serves. */
export function startService(request: PlanRequest, places: Places): Step[] {
  const wait = ["agent", "wait-ready", "--config", places.configFile, "--timeout", `${READY_SECONDS}s`];
  return [
    sc(request, "start the service", ["start", SERVICE]),
    { kind: "waitForService", about: "wait until the service runs", state: "Running", seconds: 60 },
    run("wait until the agent is ready", places.nodeExe, [places.bundle, ...wait]),
  ];
}

export function stopService(request: PlanRequest): Step[] {
  return [
    sc(request, "stop the service", ["stop", SERVICE], [0, NOT_RUNNING, NO_SUCH_SERVICE]),
    {
      kind: "waitForService",
      about: "wait until it has stopped",
      state: "Stopped",
      seconds: STOP_SECONDS + 60,
    },
  ];
}

export function deleteService(request: PlanRequest): Step {
  return sc(request, "delete the service", ["delete", SERVICE], [0, NO_SUCH_SERVICE]);
}

/** Gives the service another command line. */
export function changeService(request: PlanRequest, commandLine: string): Step {
  return sc(request, "let the service run that version", ["config", SERVICE, "binPath=", commandLine]);
}

import { win32 } from "node:path";
import { directoriesOf, portOf, type Configuration } from "./configuration.ts";
import { type Places, SERVICE, systemProgram } from "./places.ts";
import type { Step } from "./plan.ts";
import type { PlanRequest } from "./request.ts";
import { run } from "./service.ts";

/** Well-known accounts: LocalSystem and the group Administrators. */
const SYSTEM = "S-1-5-18";
const ADMINISTRATORS = "S-1-5-32-544";

/** netsh ends with 1 when there is no such rule. */
const NO_SUCH_RULE = 1;

const eventKey = `HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\${SERVICE}`;

/** Directories, configuration and key. All of these that are there stay as they are. */
export function layConfiguration(
  request: PlanRequest,
  places: Places,
  { text, config }: Configuration,
): Step[] {
  const makeClosed = (about: string, path: string): Step => ({
    kind: "makeDirectory",
    about,
    path,
    whenMade: [closeDirectory(request, path)],
  });
  return [
    makeClosed("make the directory of configuration and keys", places.config),
    makeClosed("make the directory of logs", places.logs),
    { kind: "makeKey", about: "make the key that clients show", path: places.keyFile },
    { kind: "writeNewFile", about: "write the configuration", path: places.configFile, text },
    // A pool that is there keeps its rights: Hyper-V has given VMs theirs.
    ...directoriesOf(config).map((path) => makeClosed("make the pool's directory", path)),
    ...[places.config, places.logs, ...directoriesOf(config)].flatMap((path) => openToAccount(request, path)),
  ];
}

/** Nobody but the system, administrators and the agent's account. */
function closeDirectory(request: PlanRequest, path: string): Step {
  const sid = request.facts.account?.sid;
  const grants = [SYSTEM, ADMINISTRATORS, ...(sid === undefined || sid === null ? [] : [sid])].map(
    (each) => `*${each}:(OI)(CI)F`,
  );
  const args = [path, "/inheritance:r", "/grant:r", ...grants];
  return run("let only administrators and the agent in", systemProgram(request, "icacls.exe"), args);
}

function openToAccount(request: PlanRequest, path: string): Step[] {
  const sid = request.facts.account?.sid;
  if (sid === undefined || sid === null) return [];
  const args = [path, "/grant", `*${sid}:(OI)(CI)F`];
  return [run("let the agent's account in", systemProgram(request, "icacls.exe"), args)];
}

export function openFirewall(request: PlanRequest, { config }: Configuration): Step[] {
  const rule = ["dir=in", "action=allow", "protocol=TCP", `localport=${portOf(config)}`];
  const from = `remoteip=${request.wishes.remoteAddresses}`;
  const add = ["advfirewall", "firewall", "add", "rule", `name=${SERVICE}`, ...rule, from];
  return [closeFirewall(request), run("open the agent's port", systemProgram(request, "netsh.exe"), add)];
}

export function closeFirewall(request: PlanRequest): Step {
  const args = ["advfirewall", "firewall", "delete", "rule", `name=${SERVICE}`];
  return run("remove the firewall's rule", systemProgram(request, "netsh.exe"), args, [0, NO_SUCH_RULE]);
}

/** Its messages are plain text, which a file of the .NET Framework shows. */
export function addEventSource(request: PlanRequest): Step {
  const file = win32.join(
    "%SystemRoot%",
    "Microsoft.NET",
    "Framework64",
    "v4.0.30319",
    "EventLogMessages.dll",
  );
  const args = ["add", eventKey, "/v", "EventMessageFile", "/t", "REG_EXPAND_SZ", "/d", file, "/f"];
  return run("register the source in the event log", systemProgram(request, "reg.exe"), args);
}

export function removeEventSource(request: PlanRequest): Step {
  const args = ["delete", eventKey, "/f"];
  return run("remove the source from the event log", systemProgram(request, "reg.exe"), args, [0, 1]);
}

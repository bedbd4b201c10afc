import { win32 } from "node:path";
import type { PlanRequest } from "./request.ts";

/** Name of the service, of the firewall's rule and of the source in the event log. */
export const SERVICE = "hyperv-csi";

/** Which build of the program is meant: two builds of one version lie beside each other. */
export interface Build {
  readonly version: string;
  /** SHA-256 of the bundle, in hex. */
  readonly digest: string;
}

/** Where things are on a host. */
export interface Places {
  /** Holds a directory per build. */
  readonly programs: string;
  /** Of this build: nothing in it ever changes, so that an upgrade can go back to it. */
  readonly program: string;
  readonly serviceExe: string;
  readonly nodeExe: string;
  readonly bundle: string;
  /** Configuration, keys, certificate, state and logs. */
  readonly config: string;
  readonly configFile: string;
  readonly keyFile: string;
  readonly logs: string;
}

export function placesOf({ facts, wishes }: PlanRequest, { version, digest }: Build): Places {
  const programs = win32.join(facts.programFiles, SERVICE);
  const program = win32.join(programs, `${version}-${digest.slice(0, 12)}`);
  const own = win32.join(facts.programData, SERVICE);
  const config = wishes.configDirectory ?? own;
  return {
    programs,
    program,
    serviceExe: win32.join(program, "hyperv-csi-service.exe"),
    nodeExe: win32.join(program, "node.exe"),
    bundle: win32.join(program, "hyperv-csi.mjs"),
    config,
    configFile: win32.join(config, "agent.yaml"),
    keyFile: win32.join(config, "api.key"),
    // Of each machine, also where the configuration is the cluster's.
    logs: win32.join(own, "logs"),
  };
}

/** Where a program of Windows itself lies: the search path is not asked. */
export function systemProgram({ facts }: PlanRequest, name: string): string {
  return win32.join(facts.systemRoot, "System32", name);
}

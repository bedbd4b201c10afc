import { Option } from "commander";
import { LOCAL_SLOTS_PER_VM } from "../agent-client/disk-address.ts";
import { DEFAULT_DRIVER_NAME, DEFAULT_TOPOLOGY_KEY } from "../csi/driver.ts";
import { isGroupName, parseNodeId } from "../csi/handle.ts";
import { StatusError } from "../kit/errors.ts";
import { logLevels, type LogLevel } from "../kit/log.ts";

/** Options that several commands share. */
export interface CommonOptions {
  readonly logLevel: LogLevel;
}

export interface DriverOptions extends CommonOptions {
  readonly driverName: string;
  readonly topologyKey: string;
  readonly httpEndpoint?: string;
}

export function logLevelOption(): Option {
  return new Option("--log-level <level>", "least severe messages to log").choices(logLevels).default("info");
}

export function driverOptions(): Option[] {
  return [
    new Option("--driver-name <name>", "name of the CSI driver")
      .argParser(readDriverName)
      .default(DEFAULT_DRIVER_NAME),
    new Option("--topology-key <key>", "topology key whose value is the group").default(DEFAULT_TOPOLOGY_KEY),
    new Option("--http-endpoint <host:port>", "serve /healthz, /readyz and /metrics there"),
    logLevelOption(),
  ];
}

/** How many disks a VM can have; agent and node must agree, so that the scheduler and the host count alike. */
export function maxVolumesOption(): Option {
  return new Option("--max-volumes <count>", "most volumes a VM can have")
    .argParser(readMaxVolumes)
    .default(LOCAL_SLOTS_PER_VM);
}

/** @throws StatusError INVALID_ARGUMENT */
export function readMaxVolumes(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new StatusError("INVALID_ARGUMENT", `--max-volumes ${text} is not a whole number from 1 to 99999`);
}

/** CSI's rule for names of drivers; they become part of file names. @throws StatusError INVALID_ARGUMENT */
export function readDriverName(text: string): string {
  if (text.length <= 63 && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/i.test(text)) return text;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `--driver-name ${text} is not a domain name of at most 63 characters`,
  );
}

/** @throws StatusError INVALID_ARGUMENT */
export function readGroupName(text: string): string {
  if (isGroupName(text)) return text;
  throw new StatusError(
    "INVALID_ARGUMENT",
    `--group ${text} is not a DNS label: lower-case letters, digits and "-"`,
  );
}

/** A VM id, in lower case. @throws StatusError INVALID_ARGUMENT */
export function readVmId(option: string, text: string): string {
  const id = parseNodeId(text);
  if (id !== undefined) return id;
  throw new StatusError("INVALID_ARGUMENT", `${option} ${text} is not a VM id (a GUID)`);
}

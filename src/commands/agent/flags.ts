import { Option } from "commander";
import type { AgentConfig } from "../../agent/config/agent-config.ts";
import { configDefaults } from "../../agent/config/defaults.ts";
import { logLevels } from "../../kit/log.ts";
import { collect } from "../operator/key-value.ts";

/** How a setting of the configuration file is given as an option or in the environment. */
interface Flag {
  readonly flag: string;
  readonly about: string;
  /** What a text means, in the configuration file's form. */
  readonly fromText: (text: string) => unknown;
  /** May be given several times; in the environment with commas between. */
  readonly isList?: true;
}

const asText = (text: string): unknown => text;
const asNumber = (text: string): unknown => (text.trim() === "" ? text : Number(text));
const asFlag = (text: string): unknown => (text === "true" ? true : text === "false" ? false : text);

/** `NAME=DIR`, or a directory alone for the pool `default`. A drive's colon is no part of a name. */
function asPool(text: string): unknown {
  const [, name = "default", directory = text] = /^([^=/\\]+)=(.*)$/.exec(text) ?? [];
  return { name, directory };
}

function asVm(text: string): unknown {
  const [id, name, ...lockFile] = text.split("=");
  const named = name === undefined ? { id } : { id, name };
  return lockFile.length === 0 ? named : { ...named, lockFile: lockFile.join("=") };
}

/** One table: options, their environment variables, and the keys of the configuration file. */
export const flags: Readonly<Record<keyof AgentConfig, Flag>> = {
  listen: { flag: "--listen <host:port>", about: "address to listen on", fromText: asText },
  apiKeyFile: {
    flag: "--api-key-file <file>",
    about: "file of the keys that clients may show",
    fromText: asText,
  },
  group: {
    flag: "--group <name>",
    about: "name of this host or cluster in volume handles and topology",
    fromText: asText,
  },
  groupAliases: {
    flag: "--group-alias <name>",
    about: "a name that the group had before, more than once for several",
    fromText: asText,
    isList: true,
  },
  pools: {
    flag: "--pool <[name=]dir>",
    about: "directory where volumes live, more than once for several",
    fromText: asPool,
    isList: true,
  },
  host: {
    flag: "--host <kind>",
    about: "what runs the VMs: hyperv, or local for this Linux machine",
    fromText: asText,
  },
  workerCommand: {
    flag: "--worker-command <part>",
    about: "program that reaches Hyper-V, then each of its arguments",
    fromText: asText,
    isList: true,
  },
  vms: {
    flag: "--vm <id[=name[=lockfile]]>",
    about: "a VM of this host, which runs while its lock file is locked (default: this machine)",
    fromText: asVm,
    isList: true,
  },
  maxVolumes: { flag: "--max-volumes <count>", about: "most volumes a VM can have", fromText: asNumber },
  reserve: { flag: "--reserve <size|percent>", about: "what stays free in each pool", fromText: asText },
  overcommit: {
    flag: "--overcommit <factor>",
    about: "how many times the usable bytes of a pool may be promised to volumes",
    fromText: asNumber,
  },
  keepDeleted: {
    flag: "--keep-deleted <time>",
    about: "how long a deleted volume can be brought back, such as 24h",
    fromText: asText,
  },
  transferDirectory: {
    flag: "--transfer-dir <dir>",
    about: "where imports come from and exports go to",
    fromText: asText,
  },
  tlsCertFile: {
    flag: "--tls-cert-file <file>",
    about: "certificate to serve, PEM; read again when it is renewed",
    fromText: asText,
  },
  tlsPrivateKeyFile: { flag: "--tls-private-key-file <file>", about: "its key, PEM", fromText: asText },
  clientCaFile: {
    flag: "--client-ca-file <file>",
    about: "ask clients for a certificate of one of these authorities, PEM",
    fromText: asText,
  },
  stateDirectory: {
    flag: "--state-dir <dir>",
    about: "what the agent keeps beside its pools: which pools it has seen, and a certificate of its own",
    fromText: asText,
  },
  maxRequestsInFlight: {
    flag: "--max-requests-inflight <count>",
    about: "requests at work at the same time",
    fromText: asNumber,
  },
  maxConnections: { flag: "--max-connections <count>", about: "open connections", fromText: asNumber },
  wrongKeysPerMinute: {
    flag: "--wrong-keys-per-minute <count>",
    about: "wrong keys from an address before it has to wait",
    fromText: asNumber,
  },
  oneVolumePerInstance: {
    flag: "--one-volume-per-instance",
    about: "Volumes API v1: an instance has one volume at most",
    fromText: asFlag,
  },
  instanceMustBeStopped: {
    flag: "--instance-must-be-stopped",
    about: "Volumes API v1: attach to stopped instances only",
    fromText: asFlag,
  },
  auditLogFile: {
    flag: "--audit-log-path <file>",
    about: "file of the audit log (default: the log itself)",
    fromText: asText,
  },
  logLevel: {
    flag: "--log-level <level>",
    about: `least severe messages to log: ${logLevels.join(", ")}`,
    fromText: asText,
  },
};

/** The option of a setting. Its value stays text: what it means is asked once, for all sources. */
export function optionOf(key: keyof AgentConfig): Option {
  const { flag, about, isList } = flags[key];
  const fallback = (configDefaults as Partial<AgentConfig>)[key];
  const isPlain = typeof fallback === "string" || typeof fallback === "number";
  const shown = isPlain ? ` (default: ${fallback})` : "";
  const option = new Option(flag, about + shown).env(environmentName(key));
  if (isList === true) option.argParser(collect);
  return option;
}

/** `HYPERV_CSI_AGENT_API_KEY_FILE` for `--api-key-file`. */
export function environmentName(key: keyof AgentConfig): string {
  return `HYPERV_CSI_AGENT_${longName(key).replaceAll("-", "_").toUpperCase()}`;
}

export function longName(key: keyof AgentConfig): string {
  return /^--(\S+)/.exec(flags[key].flag)?.[1] ?? key;
}

import { type Static, Type } from "typebox";
import { LOCAL_SLOTS_PER_VM } from "../../agent-client/disk-address.ts";
import { logLevels } from "../../kit/log.ts";
import { defaultThrottle } from "../access/throttle.ts";
import { defaultLimits } from "../rest/listener.ts";
import { platformDefaults } from "./platform-defaults.ts";

/** An error says `KEY is not DESCRIPTION`: descriptions of patterns are written for that. */
const Path = Type.String({ minLength: 1 });
const GUID = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";
const Group = Type.String({
  pattern: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
  description: 'a DNS label: lower-case letters, digits and "-"',
});

const Pool = Type.Object(
  {
    name: Type.String({
      pattern: "^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$",
      description: 'a name of letters, digits, "-", "_" and "."',
    }),
    directory: Path,
  },
  { additionalProperties: false },
);

const Vm = Type.Object(
  {
    id: Type.String({ pattern: `^${GUID}$`, description: "a VM id (a GUID)" }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    lockFile: Type.Optional(
      Type.String({
        minLength: 1,
        description: "a file that is locked, by flock(2), while a process of the VM lives",
      }),
    ),
  },
  { additionalProperties: false },
);

/** Everything that can be set about an agent, as its configuration file has it. */
export const AgentConfig = Type.Object(
  {
    listen: Type.String({
      pattern: "^(\\[[0-9A-Fa-f:.]+\\]|[^:]+):[0-9]{1,5}$",
      description: "HOST:PORT",
      default: "127.0.0.1:9810",
    }),
    apiKeyFile: Path,
    group: Group,
    groupAliases: Type.Array(Group, { maxItems: 64, default: [] }),
    pools: Type.Array(Pool, { minItems: 1, maxItems: 256 }),
    host: Type.Enum(["local", "hyperv"], { default: platformDefaults().host }),
    workerCommand: Type.Array(Type.String({ minLength: 1 }), { maxItems: 64, default: [] }),
    vms: Type.Array(Vm, { default: [] }),
    maxVolumes: Type.Integer({ minimum: 1, maximum: 99_999, default: LOCAL_SLOTS_PER_VM }),
    reserve: Type.String({
      pattern: "^([0-9]{1,2}%|[0-9]{1,18}([KMGTkmgt](i?[Bb]?)?)?)$",
      description: "a size such as 10Gi, or a share of the pool such as 5%",
      default: "0",
    }),
    overcommit: Type.Number({ minimum: 1, maximum: 1000, default: 1 }),
    keepDeleted: Type.String({
      pattern: "^[0-9]{1,6}(s|m|h|d)$",
      description: "a time such as 90s, 30m, 24h or 7d",
      default: "0s",
    }),
    transferDirectory: Type.Optional(Path),
    tlsCertFile: Type.Optional(Path),
    tlsPrivateKeyFile: Type.Optional(Path),
    clientCaFile: Type.Optional(Path),
    stateDirectory: Path,
    maxRequestsInFlight: Type.Integer({
      minimum: 1,
      maximum: 100_000,
      default: defaultLimits.requestsInFlight,
    }),
    maxConnections: Type.Integer({ minimum: 1, maximum: 1_000_000, default: defaultLimits.connections }),
    wrongKeysPerMinute: Type.Integer({ minimum: 1, maximum: 1_000_000, default: defaultThrottle.attempts }),
    oneVolumePerInstance: Type.Boolean({ default: false }),
    instanceMustBeStopped: Type.Boolean({ default: false }),
    auditLogFile: Type.Optional(Path),
    logLevel: Type.Enum([...logLevels], { default: "info" }),
  },
  { additionalProperties: false },
);
export type AgentConfig = Static<typeof AgentConfig>;

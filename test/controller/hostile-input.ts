import type { ErrorCode } from "../../src/kit/errors.ts";
import { GiB, TiB } from "../../src/kit/sizes.ts";
import { WRITER, type ControllerCalls } from "../support/controller.ts";

/** One call that a careless or hostile caller makes, and how it must end. */
export interface HostileCall {
  readonly rpc: keyof ControllerCalls;
  readonly field: string;
  /** The field's value, cut for people. */
  readonly input: string;
  readonly request: object;
  readonly code: ErrorCode | "OK";
}

/** Stands for the handle of a volume that exists. */
export const EXISTING = "{existing volume}";
const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const NODE = "00000001-aaaa-4bbb-8ccc-0123456789ab";
const LONG = 10 * 1024;

const shown = (value: unknown) => {
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 30)}… (${text.length - 2} characters)`;
};

/** Names that may become a part of a file name, and names that must not. */
const names: Readonly<Record<"OK" | "INVALID_ARGUMENT", readonly string[]>> = {
  OK: [
    "a",
    "-rf",
    "$(reboot)",
    "`reboot`",
    "%2e%2e%2f",
    "%00",
    "a b",
    "a'b",
    "a&b=c#d",
    "~root",
    "a..b",
    "größe-卷",
    "💾",
    "console",
    "x".repeat(128),
    "ü".repeat(64),
    UNKNOWN,
  ],
  INVALID_ARGUMENT: [
    "",
    ".",
    "..",
    "...",
    "../x",
    "..\\x",
    "/",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "C:",
    "a:b",
    "a;b",
    `a;${UNKNOWN}`,
    "a\u0000b",
    "\u0000",
    "a\nb",
    "\u001b[2J",
    "a\u007f",
    "a\u0085b",
    "*",
    "?",
    "a<b>|c",
    'a"b',
    "CON",
    "con.x",
    "nul",
    "COM1",
    "lpt9.vhdx",
    " lead",
    "trail ",
    "trail.",
    ".hidden",
    "..a",
    "\ufffd",
    "x".repeat(129),
    "ü".repeat(65),
    "x".repeat(LONG),
  ],
};

/** Ranges of bytes by [required, limit]. */
const sizes: readonly (readonly [required: bigint, limit: bigint, code: ErrorCode | "OK"])[] = [
  [0n, 0n, "OK"],
  [1n, 0n, "OK"],
  [9n * GiB, 10n * GiB, "OK"],
  [10n * GiB, 9n * GiB, "OUT_OF_RANGE"],
  [-1n, 0n, "INVALID_ARGUMENT"],
  [0n, -1n, "INVALID_ARGUMENT"],
  [-(2n ** 63n), 0n, "INVALID_ARGUMENT"],
  [2n ** 63n - 1n, 0n, "OUT_OF_RANGE"],
  [2n ** 63n - 1n, 2n ** 63n - 1n, "OUT_OF_RANGE"],
  [64n * TiB + 1n, 0n, "OUT_OF_RANGE"],
  [2n, 1n, "OUT_OF_RANGE"],
  [0n, 1n, "OUT_OF_RANGE"],
  [1n, 1n, "OUT_OF_RANGE"],
  [2n ** 53n + 1n, 0n, "OUT_OF_RANGE"],
];

/** Ids that no volume has. "unparsable" and "unknown" answer differently by RPC. */
const volumeIds: readonly (readonly [
  id: string,
  kind: "missing" | "unparsable" | "unknown" | "elsewhere",
])[] = [
  ["", "missing"],
  ["x", "unparsable"],
  ["*", "unparsable"],
  [".", "unparsable"],
  ["..", "unparsable"],
  ["local", "unparsable"],
  ["local/", "unparsable"],
  ["/", "unparsable"],
  ["local/..", "unparsable"],
  ["local/../..", "unparsable"],
  ["local/*", "unparsable"],
  [`local/${UNKNOWN}/`, "unparsable"],
  [`local/${UNKNOWN}\u0000`, "unparsable"],
  [`local/${UNKNOWN}\n`, "unparsable"],
  [`local//${UNKNOWN}`, "unparsable"],
  [`/${UNKNOWN}`, "unparsable"],
  [`LOCAL/${UNKNOWN}`, "unparsable"],
  [`../${UNKNOWN}`, "unparsable"],
  [`local/{${UNKNOWN}}`, "unparsable"],
  ["\ufffd", "unparsable"],
  ["x".repeat(LONG), "unparsable"],
  [`local/${"x".repeat(LONG)}`, "unparsable"],
  [`local/${UNKNOWN}`, "unknown"],
  [UNKNOWN, "unknown"],
  [`nosuch/${UNKNOWN}`, "elsewhere"],
];

const NOT_FOUND = {
  missing: "INVALID_ARGUMENT",
  unparsable: "NOT_FOUND",
  unknown: "NOT_FOUND",
  elsewhere: "UNAVAILABLE",
} as const;

/** Each RPC that takes a volume id: its other fields, and how it answers. */
const byVolumeId = [
  ["ControllerGetVolume", {}, NOT_FOUND],
  ["ControllerExpandVolume", { capacity_range: { required_bytes: 8 * 2 ** 20 } }, NOT_FOUND],
  ["ControllerPublishVolume", { node_id: NODE, volume_capability: WRITER }, NOT_FOUND],
  ["ValidateVolumeCapabilities", { volume_capabilities: [WRITER] }, NOT_FOUND],
  ["ControllerUnpublishVolume", { node_id: NODE }, { ...NOT_FOUND, unparsable: "OK", unknown: "OK" }],
  ["DeleteVolume", {}, { ...NOT_FOUND, unparsable: "OK", unknown: "OK" }],
] as const;

const nodeIds = ["x", "..", "*", "local", `${NODE}\n`, `{${NODE}}`, "\u0000", "x".repeat(LONG), UNKNOWN];

const tokens = [
  "x",
  "..",
  "0",
  "-1",
  "local/..",
  "local/v1-*",
  "No_Such/",
  "x".repeat(LONG),
  `local/${"x".repeat(2 * LONG)}`,
];

/** Every hostile call. What is OK leaves at most a volume of the name it gave. */
export const hostileCalls: readonly HostileCall[] = [
  ...Object.entries(names).flatMap(([code, values]) =>
    values.map((name) => ({
      rpc: "CreateVolume" as const,
      field: "name",
      input: shown(name),
      request: { name, volume_capabilities: [WRITER], capacity_range: { required_bytes: 8 * 2 ** 20 } },
      code: code as keyof typeof names,
    })),
  ),
  ...sizes.map(([required, limit, code], index) => ({
    rpc: "CreateVolume" as const,
    field: "capacity_range",
    input: `${required} to ${limit}`,
    request: {
      name: `size-${index}`,
      volume_capabilities: [WRITER],
      capacity_range: { required_bytes: String(required), limit_bytes: String(limit) },
    },
    code,
  })),
  ...byVolumeId.flatMap(([rpc, others, codes]) =>
    volumeIds.map(([volume_id, kind]) => ({
      rpc,
      field: "volume_id",
      input: shown(volume_id),
      request: { ...others, volume_id },
      code: codes[kind],
    })),
  ),
  ...nodeIds.map((node_id) => ({
    rpc: "ControllerPublishVolume" as const,
    field: "node_id",
    input: shown(node_id),
    request: { volume_id: EXISTING, node_id, volume_capability: WRITER },
    code: "NOT_FOUND" as const,
  })),
  ...nodeIds.map((node_id) => ({
    rpc: "ControllerUnpublishVolume" as const,
    field: "node_id",
    input: shown(node_id),
    request: { volume_id: EXISTING, node_id },
    code: "OK" as const,
  })),
  ...tokens.map((starting_token) => ({
    rpc: "ListVolumes" as const,
    field: "starting_token",
    input: shown(starting_token),
    request: { starting_token },
    code: "ABORTED" as const,
  })),
];

import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Type } from "typebox";
import { readCheckedConfig } from "../../kit/config.ts";
import { StatusError } from "../../kit/errors.ts";

/** How an agent is reached. */
export interface AgentPlace {
  readonly url: string;
  readonly keyFile: string;
  readonly caFile?: string;
}

const AGENT_URL = "^https?://[^/?#@\\s]+/?$";

const Profile = Type.Object(
  {
    url: Type.String({ pattern: AGENT_URL, description: "an address such as https://host-1:8443" }),
    keyFile: Type.String({ minLength: 1 }),
    caFile: Type.Optional(Type.String({ minLength: 1 })),
  },
  { additionalProperties: false },
);
const Profiles = Type.Object(
  { current: Type.Optional(Type.String()), profiles: Type.Record(Type.String(), Profile) },
  { additionalProperties: false },
);

/** True for scheme and host, without a path, a name or a password. */
export function isAgentUrl(text: string): boolean {
  return new RegExp(AGENT_URL).test(text) && URL.canParse(text);
}

/** Where profiles are looked for when nobody says where. */
export function usualProfilesFile(): string {
  // As the XDG Base Directory Specification has it, an empty variable counts as none.
  const config = process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  return join(config, "hyperv-csi", "config.yaml");
}

/**
 * A profile of a file, or its current one, or its only one. Paths in the file are relative to it, those that are
 * returned are absolute.
 * @throws StatusError INVALID_ARGUMENT with the line of what is wrong, or for a profile that is not there.
 */
export async function readProfile(file: string, name: string | undefined): Promise<AgentPlace> {
  const { current, profiles } = await readCheckedConfig(file, Profiles).catch((error: unknown) => {
    // A command's error is one line.
    throw invalid(StatusError.from(error).message.replaceAll("\n", "; "));
  });
  const names = Object.keys(profiles);
  const wanted = name ?? current ?? (names.length === 1 ? names[0] : undefined);
  if (names.length === 0) throw invalid(`${file} has no profile`);
  if (wanted === undefined) {
    throw invalid(`${file} has no current profile; choose one with --profile: ${names.join(", ")}`);
  }
  const profile = Object.hasOwn(profiles, wanted) ? profiles[wanted] : undefined;
  if (profile === undefined) {
    throw invalid(`${file} has no profile ${JSON.stringify(wanted)}; there are: ${names.join(", ")}`);
  }
  const { url, keyFile, caFile } = profile;
  const inDirectory = (path: string) => resolve(dirname(file), path);
  const ca = caFile === undefined ? {} : { caFile: inDirectory(caFile) };
  return { url, keyFile: inDirectory(keyFile), ...ca };
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}

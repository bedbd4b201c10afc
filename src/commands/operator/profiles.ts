import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { readConfigFile } from "../../kit/config.ts";
import { StatusError } from "../../kit/errors.ts";

const Profile = Type.Object(
  {
    url: Type.String({ pattern: "^https?://[^/?#@]+/?$" }),
    keyFile: Type.String({ minLength: 1 }),
    caFile: Type.Optional(Type.String({ minLength: 1 })),
  },
  { additionalProperties: false },
);
const Profiles = Type.Object(
  { current: Type.Optional(Type.String()), profiles: Type.Record(Type.String(), Profile) },
  { additionalProperties: false },
);

/** How an agent is reached. Paths are relative to the file they stand in. */
export type Profile = Static<typeof Profile>;

/** Where profiles are looked for when nobody says where. */
export function usualProfilesFile(): string {
  const config = process.env["XDG_CONFIG_HOME"] ?? join(homedir(), ".config");
  return join(config, "hyperv-csi", "config.yaml");
}

/**
 * A profile of a file, or its current one. Paths in it are absolute.
 * @throws StatusError INVALID_ARGUMENT for a file of another form, or a profile that is not in it.
 */
export async function readProfile(file: string, name: string | undefined): Promise<Profile> {
  const content = await readConfigFile(file);
  if (!Value.Check(Profiles, content)) {
    const [error] = Value.Errors(Profiles, content);
    throw invalid(`${file}: ${error?.instancePath ?? ""} ${error?.message ?? "is not a file of profiles"}`);
  }
  const wanted = name ?? content.current ?? onlyOne(Object.keys(content.profiles));
  const names = Object.keys(content.profiles).join(", ");
  if (wanted === undefined)
    throw invalid(`${file} names no current profile; choose one with --profile: ${names}`);
  const profile = Object.hasOwn(content.profiles, wanted) ? content.profiles[wanted] : undefined;
  if (profile === undefined)
    throw invalid(`${file} has no profile ${JSON.stringify(wanted)}; there are: ${names}`);
  const { url, keyFile, caFile } = profile;
  const directory = dirname(file);
  const ca = caFile === undefined ? {} : { caFile: resolve(directory, caFile) };
  return { url, keyFile: resolve(directory, keyFile), ...ca };
}

function onlyOne(names: readonly string[]): string | undefined {
  return names.length === 1 ? names[0] : undefined;
}

function invalid(message: string): StatusError {
  return new StatusError("INVALID_ARGUMENT", message);
}

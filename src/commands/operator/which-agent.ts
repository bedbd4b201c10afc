import { access } from "node:fs/promises";
import { Type } from "typebox";
import { readCheckedConfig } from "../../kit/config.ts";
import { hasErrno } from "../../kit/errors.ts";
import { type AgentPlace, isAgentUrl, readProfile, usualProfilesFile } from "./profiles.ts";

/** Where `hyperv-csi up` says how its agent is reached. */
const UP_ADDRESS = "/var/lib/hyperv-csi/up.json";
const UpAddress = Type.Object({ agentUrl: Type.String(), apiKeyFile: Type.String() });

/** What one source, the command line or the environment, says of the agent. */
export interface Said {
  readonly agentUrl?: string;
  readonly apiKeyFile?: string;
  readonly caFile?: string;
  readonly profile?: string;
  readonly profiles?: string;
}

/**
 * The agent that the command line names, else the environment, else the current profile, else that of `hyperv-csi up`
 * on this machine. An agent is named as a whole: a key from the environment goes to no agent of a profile. Files on
 * the command line are taken in each case.
 * @throws RangeError when none is named; StatusError INVALID_ARGUMENT for a file of profiles that is wrong
 */
export async function whichAgent(
  flags: Said,
  environment: Said,
  upAddress = UP_ADDRESS,
): Promise<AgentPlace> {
  if (flags.agentUrl !== undefined) {
    if (flags.profile === undefined)
      return atUrl("--agent-url", flags.agentUrl, { ...environment, ...flags });
    throw new RangeError("--agent-url and --profile both name an agent: take one of them");
  }
  const isProfileMeant = flags.profile !== undefined || flags.profiles !== undefined;
  if (!isProfileMeant && environment.agentUrl !== undefined) {
    return atUrl("HYPERV_CSI_AGENT_URL", environment.agentUrl, { ...environment, ...flags });
  }
  const said = { ...environment, ...flags };
  const file = said.profiles ?? usualProfilesFile();
  if (said.profile !== undefined || said.profiles !== undefined || (await isThere(file))) {
    return { ...(await readProfile(file, said.profile)), ...filesOf(flags) };
  }
  if (await isThere(upAddress)) {
    const { agentUrl, apiKeyFile } = await readCheckedConfig(upAddress, UpAddress);
    return { url: agentUrl, keyFile: apiKeyFile, ...filesOf(flags) };
  }
  throw new RangeError(
    `which agent? Name it with --agent-url and --api-key-file, or in the file of profiles ${file}, which is not there`,
  );
}

function atUrl(option: string, url: string, said: Said): AgentPlace {
  if (!isAgentUrl(url))
    throw new RangeError(`${option} ${url} is not an address such as https://host-1:8443`);
  const { keyFile, ...files } = filesOf(said);
  if (keyFile !== undefined) return { url, keyFile, ...files };
  throw new RangeError(`${option} needs --api-key-file, the file with that agent's key`);
}

function filesOf({ apiKeyFile, caFile }: Said): { keyFile?: string; caFile?: string } {
  return {
    ...(apiKeyFile === undefined ? {} : { keyFile: apiKeyFile }),
    ...(caFile === undefined ? {} : { caFile }),
  };
}

/** False when it is not; one that can't be looked at is: who reads it says why. */
async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    (error: unknown) => !hasErrno(error, "ENOENT", "ENOTDIR"),
  );
}

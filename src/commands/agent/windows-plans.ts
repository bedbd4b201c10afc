import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import { Value } from "typebox/value";
import { installPlan, type Program } from "../../agent/install/install-plan.ts";
import type { Plan } from "../../agent/install/plan.ts";
import { PlanRequest } from "../../agent/install/request.ts";
import { uninstallPlan } from "../../agent/install/uninstall-plan.ts";
import { upgradePlan } from "../../agent/install/upgrade-plan.ts";
import { problemsOf } from "../../kit/config.ts";
import { isNotFound, StatusError } from "../../kit/errors.ts";
import { version } from "../../kit/version.ts";

type MakePlan = (request: PlanRequest, program: Program) => Plan;

const plans: Readonly<Record<string, readonly [MakePlan, string]>> = {
  "install-plan": [installPlan, "installs the agent"],
  "upgrade-plan": [upgradePlan, "brings this version in place of another"],
  "uninstall-plan": [uninstallPlan, "takes the agent away"],
};

/** What the scripts for Windows ask: facts and wishes come on standard input, what to do goes to standard output. */
export function windowsPlanCommands(): Command[] {
  return Object.entries(plans).map(([name, [makePlan, purpose]]) =>
    new Command(name)
      .description(
        `print, as JSON, what the script does that ${purpose}; facts and wishes come on standard input`,
      )
      .action(async () => {
        const request = checked(await text(process.stdin));
        const plan = makePlan(request, await ownProgram(process.argv[1] ?? ""));
        process.stdout.write(`${JSON.stringify(plan)}\n`);
      }),
  );
}

function checked(input: string): PlanRequest {
  let data: unknown;
  try {
    // Streams of Windows begin, or end, with a byte-order mark; trim takes it for a space.
    data = JSON.parse(input.trim());
  } catch (error) {
    throw new StatusError("INVALID_ARGUMENT", "standard input is no JSON", error);
  }
  if (Value.Check(PlanRequest, data)) return data;
  const problems = problemsOf(PlanRequest, data).map(
    ({ place, text: problem }) => `${place.join(".")} ${problem}`,
  );
  throw new StatusError("INVALID_ARGUMENT", `standard input: ${problems.join("; ")}`);
}

/** This program as it lies in the unpacked archive. */
async function ownProgram(bundle: string): Promise<Program> {
  const archive = dirname(bundle);
  const below = async (directory: string) => {
    const entries = await readdir(join(archive, directory), { recursive: true, withFileTypes: true }).catch(
      (error: unknown) => {
        if (isNotFound(error)) return [];
        throw error;
      },
    );
    const files = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    return files.map((file) => relative(archive, file).split(sep).join("/")).sort();
  };
  return {
    version,
    digest: createHash("sha256")
      .update(await readFile(bundle))
      .digest("hex"),
    node: process.versions.node,
    files: [
      basename(bundle),
      "LICENSE",
      "THIRD-PARTY-NOTICES",
      ...(await below("powershell")),
      ...(await below("node_modules")),
    ],
    sources: (await below("service-host")).filter((name) => name.endsWith(".cs")),
  };
}

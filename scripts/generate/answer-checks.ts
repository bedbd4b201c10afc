import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Build } from "typebox/schema";
import * as wire from "../../src/agent-client/wire.ts";

const banner = `// Made from src/agent-client/wire.ts by \`npm run generate\`: do not edit.
// @ts-nocheck
import type * as wire from "../wire.ts";
`;

/** What the agent's client receives. */
const answers = {
  VolumeAnswer: wire.VolumeAnswer,
  VolumeList: wire.VolumeList,
  ExpandAnswer: wire.ExpandAnswer,
  AttachmentAnswer: wire.AttachmentAnswer,
  AttachmentList: wire.AttachmentList,
  CapacityAnswer: wire.CapacityAnswer,
  VmAnswer: wire.VmAnswer,
  VmList: wire.VmList,
  PoolList: wire.PoolList,
  SnapshotAnswer: wire.SnapshotAnswer,
  SnapshotList: wire.SnapshotList,
  SnapshotGroupAnswer: wire.SnapshotGroupAnswer,
  SnapshotGroupList: wire.SnapshotGroupList,
  BlockList: wire.BlockList,
  HealthAnswer: wire.HealthAnswer,
  HealthList: wire.HealthList,
  DoctorAnswer: wire.DoctorAnswer,
  OperationList: wire.OperationList,
  DeletedList: wire.DeletedList,
  ErrorAnswer: wire.ErrorAnswer,
} satisfies Record<string, TSchema>;

/** Writes the checks of the agent's answers as plain functions: the schema library would be a fifth of the controller. */
export async function generateAnswerChecks(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const checks = Object.entries(answers).map(
    ([name, schema]) =>
      `\nexport const is${name}: (value: unknown) => value is wire.${name} = (() => { ${externals(schema)}${Compile(schema).Code()} })();\n`,
  );
  await writeFile(join(directory, "answers.ts"), banner + checks.join(""));
}

/** The patterns that a check's code refers to, such as of keys that a schema does not name. */
function externals(schema: TSchema): string {
  const { variables } = Build(schema).External();
  if (variables.length === 0) return "";
  const patterns = variables.map((variable) => {
    if (variable instanceof RegExp) return String(variable);
    throw new Error("a check refers to something that is no pattern");
  });
  return `const External = [${patterns.join(", ")}]; `;
}

import { access } from "node:fs/promises";
import { missingPrograms } from "../../../src/kit/missing-programs.ts";
import { runAny } from "../../../src/kit/run.ts";
import { e2ePrograms } from "./programs.ts";

/** Why a cluster can't be started on this machine; undefined when it can. */
export async function whyNotHere(): Promise<string | undefined> {
  if (process.platform !== "linux") return "nodes are made of Linux's namespaces";
  if (process.getuid?.() !== 0) return "nodes mount disks and make namespaces, which takes root";
  const missing = missingPrograms([...Object.keys(e2ePrograms), "go"], process.env["PATH"] ?? "");
  if (missing.length > 0) return `missing programs: ${missing.join(", ")}`;
  if (!(await isThere("/dev/loop-control"))) return "this machine gives no loop devices";
  const apart = ["--mount", "--pid", "--fork", "--mount-proc", "--propagation", "private", "true"];
  const { exitCode, stderr } = await runAny("unshare", apart);
  return exitCode === 0 ? undefined : `namespaces can't be made here: ${stderr}`;
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

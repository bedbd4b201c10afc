import { access } from "node:fs/promises";
import { StatusError } from "../../kit/errors.ts";
import { missingPrograms } from "../../kit/missing-programs.ts";
import { runAny } from "../../kit/run.ts";
import { runtimePrograms } from "./programs.ts";

/** Refuses, before anything is made, on a machine that can't be a local host; the message says what to do. */
export async function preflight(): Promise<void> {
  if (process.getuid?.() !== 0) throw refusal("this needs root, to attach and mount disks: run it with sudo");
  const missing = missingPrograms(Object.keys(runtimePrograms), process.env["PATH"] ?? "");
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((program) => runtimePrograms[program]))].join(" ");
    throw refusal(`missing programs: ${missing.join(", ")}; install them with: apt-get install ${packages}`);
  }
  if (!(await givesLoopDevices())) {
    throw refusal(
      "this machine gives no loop devices: load the module with `modprobe loop`; in a container, run it privileged with /dev of the machine",
    );
  }
}

async function givesLoopDevices(): Promise<boolean> {
  const control = await access("/dev/loop-control").then(
    () => true,
    () => false,
  );
  return control && (await runAny("losetup", ["--find"])).exitCode === 0;
}

function refusal(message: string): StatusError {
  return new StatusError("FAILED_PRECONDITION", message);
}

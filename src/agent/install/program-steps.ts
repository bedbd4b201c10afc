import { win32 } from "node:path";
import type { Places } from "./places.ts";
import type { Step } from "./plan.ts";
import type { PlanRequest } from "./request.ts";
import { run } from "./service.ts";

/** What lies beside the bundle in the archive. */
export interface Archive {
  /** What a build's directory gets from it, the bundle too, with slashes. */
  readonly files: readonly string[];
  /** Sources of the service's host. */
  readonly sources: readonly string[];
}

/** Lays a build down beside the others. */
export function layProgram(request: PlanRequest, places: Places, { files, sources }: Archive): Step[] {
  const { archive, nodeExe, compiler } = request.facts;
  const names = files.map((name) => win32.normalize(name));
  const directories = new Set(names.map((name) => win32.dirname(name)).filter((name) => name !== "."));
  const references = ["/reference:System.dll", "/reference:System.ServiceProcess.dll"];
  return [
    ...["", ...directories].map((name): Step => {
      const path = win32.join(places.program, name);
      return { kind: "makeDirectory", about: "make a directory of the program", path, whenMade: [] };
    }),
    ...names.map((name): Step => {
      const [from, to] = [win32.join(archive, name), win32.join(places.program, name)];
      return { kind: "copyFile", about: "copy a file of the program", from, to };
    }),
    { kind: "copyFile", about: "copy Node", from: nodeExe, to: places.nodeExe },
    run("compile the host of the service", compiler ?? "", [
      ...[
        "/nologo",
        "/target:exe",
        "/platform:x64",
        "/optimize+",
        ...references,
        `/out:${places.serviceExe}`,
      ],
      ...sources.map((name) => win32.join(archive, name)),
    ]),
  ];
}

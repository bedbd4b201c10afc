import { callInThread, nativeLibraries } from "../../kit/native.ts";
import type { RunResult } from "../../kit/run.ts";

/** A file system of a disk that is to be mounted. */
export interface MountRequest {
  readonly device: string;
  readonly path: string;
  readonly fsType: string;
  /** As mount(8) takes them with -o. */
  readonly options: readonly string[];
}

/** Mounts, and tells how that ended: as mount(8) does, by an exit code and a text. */
export type MountCall = (request: MountRequest) => Promise<RunResult>;

/** Bytes of the longest explanation. */
const EXPLANATION = 1024;

/**
 * What mount(8) does, by the library which that program is made of: it tells the kernel's flags from options of the
 * file system, and knows SELinux. The kernel's call runs in a thread. Undefined where koffi or the library is missing.
 */
export function libmountCall(): MountCall | undefined {
  const native = nativeLibraries();
  if (native === undefined) return undefined;
  try {
    const library = native.load("libmount.so.1");
    const newContext = library.func("void *mnt_new_context()");
    const freeContext = library.func("void mnt_free_context(void *context)");
    const set = (what: string) =>
      library.func(`int mnt_context_set_${what}(void *context, const char *value)`);
    const [setSource, setTarget, setType, setOptions] = [
      set("source"),
      set("target"),
      set("fstype"),
      set("options"),
    ];
    const disableHelpers = library.func("int mnt_context_disable_helpers(void *context, int disable)");
    const mount = library.func("int mnt_context_mount(void *context)");
    const wasCalled = library.func("int mnt_context_syscall_called(void *context)");
    const explain = library.func(
      "int mnt_context_get_excode(void *context, int result, void *text, size_t size)",
    );

    return async ({ device, path, fsType, options }) => {
      const context: unknown = newContext();
      try {
        setSource(context, device);
        setTarget(context, path);
        setType(context, fsType);
        if (options.length > 0) setOptions(context, options.join(","));
        // A program that mounts instead would be forked off this process.
        disableHelpers(context, 1);
        const result = await callInThread<number>(mount, context);
        const text = Buffer.alloc(EXPLANATION);
        const exitCode = await callInThread<number>(explain, context, result, text, text.length);
        if (exitCode === 0) return { exitCode, stdout: "", stderr: "" };
        const said = text.toString("utf8", 0, text.indexOf(0));
        const more = wasCalled(context) === 1 ? "; dmesg may tell more" : "";
        return { exitCode, stdout: "", stderr: `mount: ${path}: ${said}${more}` };
      } finally {
        freeContext(context);
      }
    };
  } catch {
    return undefined;
  }
}

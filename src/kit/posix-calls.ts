import { getSystemErrorName } from "node:util";
import { nativeLibraries } from "./native.ts";

/** A process to be made. */
export interface SpawnRequest {
  /** Of the program. */
  readonly path: string;
  /** With the program's name first. */
  readonly argv: readonly string[];
  /** `NAME=value` */
  readonly env: readonly string[];
  /** Descriptors of this process that become its standard input, output and error. Undefined is `/dev/null`. */
  readonly stdio: readonly [number | undefined, number, number];
  readonly newSession: boolean;
  readonly ignoreSigpipe: boolean;
}

/** What Node lacks of the system's calls for processes. None of them waits for anything but the start of a program. */
export interface PosixCalls {
  /** The new process's id. @throws NodeJS.ErrnoException */
  spawn(request: SpawnRequest): number;
  /** The status of a child that has ended, which is then forgotten; undefined while it runs. @throws Error when it is no child */
  reap(pid: number): number | undefined;
  /** A pipe whose ends no other program inherits. @throws NodeJS.ErrnoException */
  pipe(): { readonly read: number; readonly write: number };
  readonly close: (fd: number) => void;
}

/** <spawn.h>, <fcntl.h> and <sys/wait.h>, the same in glibc and musl. */
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;
const O_CLOEXEC = 0o2000000;
const WNOHANG = 1;
const SIGPIPE = 13;

/** Room for a posix_spawnattr_t or a posix_spawn_file_actions_t, which have 336 and 80 bytes. */
const SPAWN_STRUCT = 512;
/** sigset_t */
const SIGNAL_SET = 128;

/** Undefined where koffi or one of the calls is missing. */
export function posixCalls(): PosixCalls | undefined {
  try {
    return boundCalls();
  } catch {
    return undefined;
  }
}

function boundCalls(): PosixCalls | undefined {
  const libc = nativeLibraries()?.load(null);
  if (libc === undefined) return undefined;
  const call = (declaration: string): ((...args: unknown[]) => number) => libc.func(`int ${declaration}`);
  const posixSpawn = call(
    "posix_spawn(void *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)",
  );
  const newActions = call("posix_spawn_file_actions_init(void *actions)");
  const freeActions = call("posix_spawn_file_actions_destroy(void *actions)");
  const addDup2 = call("posix_spawn_file_actions_adddup2(void *actions, int fd, int as)");
  const addOpen = call(
    "posix_spawn_file_actions_addopen(void *actions, int as, const char *path, int flags, unsigned int mode)",
  );
  const newAttributes = call("posix_spawnattr_init(void *attributes)");
  const freeAttributes = call("posix_spawnattr_destroy(void *attributes)");
  const setFlags = call("posix_spawnattr_setflags(void *attributes, short flags)");
  const setDefaults = call("posix_spawnattr_setsigdefault(void *attributes, void *signals)");
  const setMask = call("posix_spawnattr_setsigmask(void *attributes, void *signals)");
  const pipe2 = call("pipe2(void *ends, int flags)");
  const closeFd = call("close(int fd)");
  const waitpid = call("waitpid(int pid, void *status, int options)");

  /** @throws the error that such a call answers */
  const must = (error: number, what: string) => {
    if (error !== 0) {
      const code = getSystemErrorName(-error);
      throw Object.assign(new Error(`${what}: ${code}`), { code, errno: -error });
    }
  };
  return {
    spawn: ({ path, argv, env, stdio, newSession, ignoreSigpipe }) => {
      const [actions, attributes] = [Buffer.alloc(SPAWN_STRUCT), Buffer.alloc(SPAWN_STRUCT)];
      // Node ignores SIGPIPE, and what is ignored stays so in a new program.
      const defaults = Buffer.alloc(SIGNAL_SET, 0xff);
      if (ignoreSigpipe) defaults.writeUInt16LE(0xffff & ~(1 << (SIGPIPE - 1)));
      const pid = Buffer.alloc(4);
      must(newActions(actions), "actions of a new process");
      try {
        must(newAttributes(attributes), "attributes of a new process");
        for (const [as, fd] of stdio.entries()) {
          must(
            fd === undefined ? addOpen(actions, as, "/dev/null", 0, 0) : addDup2(actions, fd, as),
            "descriptors",
          );
        }
        must(setDefaults(attributes, defaults), "signals");
        must(setMask(attributes, Buffer.alloc(SIGNAL_SET)), "signal mask");
        must(setFlags(attributes, SETSIGDEF | SETSIGMASK | (newSession ? SETSID : 0)), "flags");
        must(posixSpawn(pid, path, actions, attributes, [...argv, null], [...env, null]), `start of ${path}`);
        freeAttributes(attributes);
      } finally {
        freeActions(actions);
      }
      return pid.readInt32LE();
    },
    reap: (pid) => {
      const status = Buffer.alloc(4);
      const found = waitpid(pid, status, WNOHANG);
      if (found === -1) throw new Error(`the end of process ${pid} was not seen`);
      return found === 0 ? undefined : status.readInt32LE();
    },
    pipe: () => {
      const ends = Buffer.alloc(8);
      if (pipe2(ends, O_CLOEXEC) !== 0)
        throw Object.assign(new Error("no pipe could be made"), { code: "EMFILE" });
      return { read: ends.readInt32LE(0), write: ends.readInt32LE(4) };
    },
    close: (fd) => {
      closeFd(fd);
    },
  };
}

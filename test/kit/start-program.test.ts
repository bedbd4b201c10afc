import { once } from "node:events";
import { mkdir, open, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import {
  startByNode,
  startByPosixSpawn,
  type StartOptions,
  type StartProgram,
} from "../../src/kit/start-program.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { until } from "../support/until.ts";

/** True for a descriptor of this process that is not closed in new programs (O_CLOEXEC). */
const isForAll = async (fd: number) => {
  const flags = /^flags:\s+([0-7]+)$/m.exec(await readFile(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1];
  return (Number.parseInt(flags ?? "", 8) & 0o2000000) === 0;
};
const openFiles = async () => (await readdir("/proc/self/fd")).length;
const plain: StartOptions = { env: process.env, hasInput: false, outlivesUs: false };

/** What a program says, and how it ends. */
async function result(start: StartProgram, program: string, args: string[], options = plain, input?: string) {
  const child = start(program, args, options);
  child.stdin?.end(input);
  const [stdout, stderr, ended] = await Promise.all([text(child.stdout), text(child.stderr), child.ended]);
  return { stdout, stderr, ...ended };
}

/** The code of what a start that fails throws, at once or at its end. */
async function failure(start: StartProgram, program: string, options = plain): Promise<unknown> {
  try {
    await result(start, program, [], options);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

const ways: readonly (readonly [string, StartProgram | undefined])[] = [
  ["posix_spawn", startByPosixSpawn()],
  ["Node's spawn", startByNode],
];
for (const [way, wanted] of ways) {
  describe(`kit start of a program by ${way}`, () => {
    const path = temporaryDirectory();
    const start: StartProgram = (...args) => (wanted ?? startByNode)(...args);
    const sh = (script: string, options = plain, input?: string) =>
      result(start, "sh", ["-c", script], options, input);

    before(function () {
      if (wanted !== undefined) return;
      if (process.env["CI"]) throw new Error("koffi is missing");
      console.log("      skipped: koffi is missing");
      this.skip();
    });

    it("gives its output, each apart, and its exit code", async () => {
      expect(await sh("echo out; echo err >&2; exit 200")).to.deep.equal({
        stdout: "out\n",
        stderr: "err\n",
        exitCode: 200,
        signal: undefined,
      });
    });

    it("tells the signal that ended it", async () => {
      expect(await sh("kill -KILL $$")).to.include({ exitCode: undefined, signal: "SIGKILL" });
      expect(await sh("kill -PIPE $$")).to.include({ exitCode: undefined, signal: "SIGPIPE" });
    });

    it("gives it its arguments, its input, and the environment that is told, no other", async () => {
      const options = {
        ...plain,
        hasInput: true,
        env: { PATH: process.env["PATH"], A: "1 = ü", B: undefined },
      };
      const script = 'cat; tr "\\0" "\\n" < /proc/$$/environ | sort';
      expect((await sh(script, options, "in\n")).stdout).to.equal(
        `in\nA=1 = ü\nPATH=${process.env["PATH"]}\n`,
      );
      expect((await sh("cat")).stdout).to.equal("");
      expect((await result(start, "printf", ["%s.", "", "a b", "$x"])).stdout).to.equal(".a b.$x.");
    });

    it("lets it inherit no file and no blocked or ignored signal", async () => {
      const other = start("cat", [], { ...plain, hasInput: true });
      const ours = await open("/dev/null");
      const child = start("sh", ["-c", "echo $$; read x"], { ...plain, hasInput: true });
      const [pid] = (await once(child.stdout, "data")) as [Buffer];
      const inherited = (await readdir(`/proc/${String(pid).trim()}/fd`)).map(Number);
      await ours.close();
      for (const { stdin, stdout, stderr, ended } of [other, child]) {
        stdin?.end();
        stdout.resume();
        stderr.resume();
        await ended;
      }
      expect(inherited).to.include.members([0, 1, 2]);
      for (const fd of inherited.filter((number) => number > 2)) {
        // What whoever started this process left open for all is none of ours.
        expect(await isForAll(fd), `descriptor ${fd}`).to.equal(true);
      }
      const { stdout } = await sh("grep -E '^Sig(Blk|Ign)' /proc/self/status");
      expect(stdout.match(/[0-9a-f]{16}/g)).to.deep.equal(["0000000000000000", "0000000000000000"]);
    });

    it("gives one that outlives this process a session of its own, and ignores SIGPIPE for it", async () => {
      const outliving = { ...plain, outlivesUs: true };
      const session = async (options: StartOptions) =>
        Number((await sh("cut -d ' ' -f 6 /proc/$$/stat", options)).stdout);
      const ours = await session(plain);
      expect(await session(outliving)).not.to.equal(ours);
      const { stdout } = await sh("grep ^SigIgn /proc/self/status", outliving);
      expect(stdout).to.equal("SigIgn:\t0000000000001000\n");
      expect(await failure(start, "no-such-program-xyz", outliving)).to.equal("ENOENT");
    });

    it("searches the path that is told: the first that can be run", async () => {
      const names = ["empty", "plain", "folder", "wanted", "later"];
      for (const name of names) await mkdir(path(name));
      await writeFile(`${path("plain")}/program-xyz`, "not for running", { mode: 0o644 });
      await mkdir(`${path("folder")}/program-xyz`);
      for (const name of ["wanted", "later"]) {
        await writeFile(`${path(name)}/script`, `#!/bin/sh\necho ${name}\n`, { mode: 0o755 });
        await symlink("script", `${path(name)}/program-xyz`);
      }
      const odd = [path("absent"), `${path("plain")}/program-xyz`];
      const PATH = [...odd, ...names.map((name) => path(name)), process.env["PATH"]].join(":");
      const found = await result(start, "program-xyz", [], { ...plain, env: { PATH } });
      expect(found.stdout).to.equal("wanted\n");
      expect(await failure(start, "program-xyz")).to.equal("ENOENT");
      expect(await failure(start, path("absent"))).to.equal("ENOENT");
      await writeFile(path("not a program"), "x", { mode: 0o644 });
      expect(await failure(start, path("not a program"))).to.equal("EACCES");
    });

    it("waits for one that closes its output and goes on", async () => {
      expect(await sh("exec > /dev/null 2>&1; sleep 0.1; exit 5")).to.include({ exitCode: 5 });
    });

    it("gives each of many that end together, some after their output, its own exit code", async () => {
      const codes = Array.from({ length: 24 }, (_, index) => index);
      const script = (code: number) =>
        code % 2 === 0 ? `exit ${code}` : `exec >&- 2>&-; sleep 0.05; exit ${code}`;
      const ended = await Promise.all(codes.map((code) => sh(script(code))));
      expect(ended.map(({ exitCode }) => exitCode)).to.deep.equal(codes);
    });

    it("kills nobody after the end", async () => {
      const child = start("sleep", ["1000"], plain);
      child.kill("SIGTERM");
      child.stdout.resume();
      child.stderr.resume();
      expect(await child.ended).to.include({ signal: "SIGTERM" });
      child.kill("SIGTERM");
    });

    it("leaves no file open and no process behind, also of starts that fail", async () => {
      await sh("true");
      const before = await openFiles();
      const children = async () =>
        (await sh(`cat /proc/${process.pid}/task/*/children`)).stdout.trim().split(" ");
      const others = await children();
      await Promise.all(Array.from({ length: 20 }, () => sh("head -c 100000 /dev/zero")));
      for (let failed = 0; failed < 20; failed++)
        await failure(start, path("absent"), { ...plain, hasInput: true });
      await until(async () => (await openFiles()) <= before, "all files are closed");
      // The one that looks is a child itself.
      expect(await children()).to.have.lengthOf(others.length);
    });
  });
}

import { cp, lstat, mkdir, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run, runAny } from "../../../src/kit/run.ts";

/** The root directory of an image that is being made. Like Debian's, all programs and libraries of it are in /usr. */
export class ImageRoot {
  readonly directory: string;
  readonly #programs = new Set<string>();

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(directory: string): Promise<ImageRoot> {
    for (const name of ["usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "etc", "tmp", "proc", "sys", "dev"])
      await mkdir(join(directory, name), { recursive: true, mode: name === "tmp" ? 0o1777 : 0o755 });
    for (const name of ["bin", "sbin", "lib", "lib64"]) await symlink(`usr/${name}`, join(directory, name));
    await writeFile(
      join(directory, "etc/passwd"),
      "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
    );
    await writeFile(join(directory, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
    return new ImageRoot(directory);
  }

  /** Copies a file, a link as a link, or a directory with all in it. Libraries that it needs come by `addLibraries`. */
  async add(from: string, to = from): Promise<void> {
    const target = this.#place(to);
    await mkdir(dirname(target), { recursive: true });
    const entry = await lstat(from);
    if (entry.isSymbolicLink()) await this.link(to, await readlink(from));
    else await cp(from, target, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    if (entry.isFile()) this.#programs.add(from);
  }

  async link(at: string, to: string): Promise<void> {
    const target = this.#place(at);
    await mkdir(dirname(target), { recursive: true });
    await symlink(to, target);
  }

  /** What Debian packages installed on this machine, without what is only there to be read. */
  async addPackages(packages: readonly string[]): Promise<void> {
    const listed = await run("dpkg-query", ["--listfiles", ...packages]);
    for (const path of new Set(listed.split("\n"))) {
      if (!path.startsWith("/") || /^\/usr\/share\/(doc|man|locale|lintian|bash-completion)\b/.test(path))
        continue;
      // Debian lists /bin as well, which is a link to a directory.
      if (!(await stat(path)).isDirectory()) await this.add(path);
    }
  }

  /** The shared libraries of all that was added, from this machine. */
  async addLibraries(more: readonly string[] = []): Promise<void> {
    const libraries = new Set<string>();
    for (const program of [...this.#programs, ...more]) {
      // What is no program of this kind has none.
      const { stdout } = await runAny("ldd", [program]);
      for (const [, path = ""] of stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) libraries.add(path);
    }
    for (const path of libraries) {
      await mkdir(dirname(this.#place(path)), { recursive: true });
      await cp(path, this.#place(path), { dereference: true });
    }
  }

  #place(path: string): string {
    return join(this.directory, path.replace(/^\/(bin|sbin|lib|lib64)\//, "/usr/$1/"));
  }
}

import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../src/kit/run.ts";
import type { Random } from "../../support/random.ts";

type Maker = (directory: string, index: number) => Promise<void>;

const put = (directory: string, name: string, content: Uint8Array | string) =>
  writeFile(join(directory, name), content);

/** A byte string that is no text, as a file name. */
const brokenName = (directory: string) =>
  Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0x61, 0xff, 0xfe]), Buffer.from(randomUUID())]);

/** Things that people, programs and crashes leave in a directory, some of which look like the agent's own. */
const makers: readonly Maker[] = [
  (to, index) => put(to, `notes ${index}.txt`, "hello"),
  (to) => put(to, `.${randomUUID()}.swp`, randomBytes(512)),
  (to) => writeFile(brokenName(to), "x"),
  (to, index) => put(to, `line\nbreak-${index}`, ""),
  (to, index) => put(to, `${"x".repeat(240)}${index}`, ""),
  (to, index) => put(to, `pvc-${index};${randomUUID()}.vhdx`, ""),
  (to, index) => put(to, `pvc-${index};${randomUUID()}.vhdx`, randomBytes(70_000)),
  (to, index) => put(to, `pvc-${index};${randomUUID()}.vhdx`, `vhdxfile${"\0".repeat(100)}`),
  (to, index) => put(to, `pvc-${index};${randomUUID()}.json`, "{"),
  (to, index) => put(to, `pvc-${index};${randomUUID()}.json`, JSON.stringify({ version: 1, kind: "volume" })),
  (to, index) => put(to, `pvc-${index};${randomUUID()}.json`, JSON.stringify({ version: 99 })),
  (to, index) => put(to, `;${randomUUID()}.vhdx${index}`, "x"),
  (to, index) => put(to, `pvc-${index};{${randomUUID()}}.VHDX`, "x"),
  (to, index) => put(to, `base-${index}.avhdx`, randomBytes(100)),
  (to, index) => mkdir(join(to, `pvc-${index};${randomUUID()}.vhdx`)),
  (to, index) => mkdir(join(to, `folder-${index}`)),
  (to, index) => symlink("/etc/passwd", join(to, `pvc-${index};${randomUUID()}.vhdx`)),
  (to, index) => symlink(`/absent-${index}`, join(to, `pvc-${index};${randomUUID()}.vhdx`)),
  (to, index) => symlink(".", join(to, `loop-${index}`)),
  async (to, index) => {
    await run("mkfifo", [join(to, `pvc-${index};${randomUUID()}.vhdx`)]);
  },
  async (to, index) => {
    const file = join(to, `pvc-${index};${randomUUID()}.vhdx`);
    await writeFile(file, "vhdxfile");
    await truncate(file, 1024 ** 4);
  },
];

/** Puts so many pieces of rubbish into directories. */
export async function litter(directories: readonly string[], pieces: number, random: Random): Promise<void> {
  for (let index = 0; index < pieces; index++) {
    const maker = makers[index % makers.length]!;
    await maker(random.pick(directories), index);
  }
}

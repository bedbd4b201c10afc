import { StatusError } from "../../kit/errors.ts";
import { failed, type RunResult } from "../../kit/run.ts";
import type { Usage } from "../guest.ts";
import { runLimitedAny } from "./tools.ts";

const LONGEST_MS = 10_000;

/**
 * Asks file systems for their numbers. A file system that hangs would take a thread of this process for ever with
 * each statfs: so a child asks, one at a time for each path, and who waits gives up.
 */
export class UsageReader {
  readonly #asked = new Map<string, Promise<RunResult>>();

  /** @throws StatusError UNAVAILABLE when the file system does not answer in time */
  async usageOf(path: string, longestMs = LONGEST_MS): Promise<{ bytes: Usage; inodes: Usage }> {
    const result = await this.#answer(path, longestMs);
    const [size, blocks, free, available, files, filesFree] = result.stdout.split(" ").map(BigInt);
    if (size === undefined || blocks === undefined || free === undefined || available === undefined) {
      throw new StatusError("INTERNAL", `stat said of ${path}: ${result.stdout}`);
    }
    const [total, left] = [files ?? 0n, filesFree ?? 0n];
    return {
      bytes: { total: blocks * size, used: (blocks - free) * size, available: available * size },
      inodes: { total, used: total - left, available: left },
    };
  }

  async #answer(path: string, longestMs: number): Promise<RunResult> {
    const args = ["--file-system", "--format=%S %b %f %a %c %d", "--", path];
    const asked = this.#asked.get(path) ?? runLimitedAny("stat", args);
    if (!this.#asked.has(path)) {
      this.#asked.set(path, asked);
      const forget = () => this.#asked.delete(path);
      asked.then(forget, forget);
    }
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new StatusError("UNAVAILABLE", `the file system on ${path} does not answer`));
      }, longestMs);
    });
    try {
      const result = await Promise.race([asked, tooLong]);
      if (result.exitCode !== 0) throw failed("stat", args, result);
      return result;
    } finally {
      clearTimeout(timer);
    }
  }
}

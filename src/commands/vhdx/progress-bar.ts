import { formatSize } from "../../kit/sizes.ts";

const WIDTH = 30;
const REFRESH_MS = 100;

/** Told how much is done, in bytes. */
export interface Progress {
  readonly onProgress: (done: bigint, total: bigint) => void;
  /** Takes the bar off the screen. */
  readonly end: () => void;
}

/** A bar on standard error when that is a terminal and nobody asked for quiet; otherwise nothing. */
export function progressBar(quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY) return { onProgress: () => undefined, end: () => undefined };
  const started = performance.now();
  let shown = 0;
  return {
    onProgress: (done, total) => {
      const now = performance.now();
      if (now - shown < REFRESH_MS) return;
      shown = now;
      process.stderr.write(`\r${barText(done, total, (now - started) / 1000)}\x1b[K`);
    },
    end: () => {
      if (shown > 0) process.stderr.write("\r\x1b[K");
    },
  };
}

/** `[=====>    ]  42 %  1.2 GiB of 2.9 GiB  310 MiB/s  5 s left` after so many seconds. */
export function barText(done: bigint, total: bigint, seconds: number): string {
  const share = total === 0n ? 1 : Math.min(1, Number(done) / Number(total));
  const filled = Math.floor(share * WIDTH);
  const bar = "=".repeat(filled) + (filled < WIDTH ? ">" : "") + " ".repeat(Math.max(0, WIDTH - filled - 1));
  const rate = Number(done) / Math.max(seconds, 0.001);
  const left = rate > 0 ? `  ${Math.ceil((Number(total) - Number(done)) / rate)} s left` : "";
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${bar}] ${percent} %  ${formatSize(done)} of ${formatSize(total)}  ${formatSize(BigInt(Math.floor(rate)))}/s${left}`;
}

import { formatSize } from "../../kit/sizes.ts";

const WIDTH = 30;
const REFRESH_MS = 100;
const CLEAR = "\r\x1b[K";

/** Told how much is done, in bytes. */
type OnProgress = (done: bigint, total: bigint) => void;

/** Runs `work` with a bar on standard error, if that is a terminal and a bar is wanted. It is taken off in the end. */
export async function withProgressBar<T>(
  isWanted: boolean,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  if (!isWanted || !process.stderr.isTTY) return work(() => undefined);
  const started = performance.now();
  let shown = -Infinity;
  try {
    return await work((done, total) => {
      const now = performance.now();
      if (now - shown < REFRESH_MS) return;
      shown = now;
      // A line that wraps could not be taken back.
      const text = barText(done, total, (now - started) / 1000).slice(0, process.stderr.columns - 1);
      process.stderr.write(`${CLEAR}${text}`);
    });
  } finally {
    if (shown > 0) process.stderr.write(CLEAR);
  }
}

/** `[=====>    ]  42 %  1.2 GiB of 2.9 GiB  310 MiB/s  5 s left` after so many seconds. */
export function barText(done: bigint, total: bigint, seconds: number): string {
  const share = total === 0n ? 1 : Math.min(1, Number(done) / Number(total));
  const rate = seconds > 0.001 ? Number(done) / seconds : 0;
  const speed = `${formatSize(BigInt(Math.floor(rate)))}/s`;
  const left = rate > 0 ? `  ${durationText((Number(total) - Number(done)) / rate)} left` : "";
  return `${percentText(share)}  ${formatSize(done)} of ${formatSize(total)}  ${speed}${left}`;
}

/** `[=====>    ]  42 %` of a share from 0 to 1. */
export function percentText(share: number): string {
  const filled = Math.floor(share * WIDTH);
  const bar = `${"=".repeat(filled)}>`.slice(0, WIDTH).padEnd(WIDTH);
  return `[${bar}] ${`${Math.floor(share * 100)}`.padStart(3)} %`;
}

function durationText(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 120) return `${whole} s`;
  if (whole < 7200) return `${Math.ceil(whole / 60)} min`;
  return `${Math.ceil(whole / 3600)} h`;
}

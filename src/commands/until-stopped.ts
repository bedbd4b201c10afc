/** A part of the process that ends in order. */
export interface Closable {
  close(): Promise<void>;
}

/** Exit codes of a process that a signal ended, as shells count them. */
const signalNumbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
type StopSignal = keyof typeof signalNumbers;

/** Within so many milliseconds two signals are one: npm passes on a Ctrl-C that the terminal sends to both. */
const ONE_STOP_MS = 1000;

/** Aborts with the exit code as its reason on SIGINT, SIGTERM and SIGHUP; one more, later, ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let asked = Infinity;
  for (const name of Object.keys(signalNumbers) as StopSignal[]) {
    process.on(name, () => {
      const exitCode = 128 + signalNumbers[name];
      if (performance.now() - asked > ONE_STOP_MS) process.exit(exitCode);
      if (controller.signal.aborted) return;
      asked = performance.now();
      controller.abort(exitCode);
    });
  }
  return controller.signal;
}

/**
 * The same, and at the end of standard input: so a service's host asks on Windows, which has no SIGTERM. It also comes
 * when that host dies.
 */
export function stopSignalOrEndOfInput(): AbortSignal {
  const stop = new AbortController();
  const signal = stopSignal();
  signal.addEventListener("abort", () => {
    stop.abort(signal.reason);
  });
  const end = () => {
    stop.abort(0);
  };
  process.stdin.once("end", end).once("close", end).on("error", end).resume();
  // An input that stays open would keep the process.
  stop.signal.addEventListener("abort", () => process.stdin.destroy(), { once: true });
  return stop.signal;
}

/** Waits for a stop signal. */
export async function untilStopped(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return;
  await new Promise<void>((resolve) => {
    stop.addEventListener(
      "abort",
      () => {
        resolve();
      },
      { once: true },
    );
  });
}

/** Closes the parts that were opened, the last first. */
export async function closeAll(parts: readonly Closable[]): Promise<void> {
  for (const part of parts.toReversed()) await part.close();
}

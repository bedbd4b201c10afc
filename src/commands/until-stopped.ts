/** A part of the process that ends in order. */
export interface Closable {
  close(): Promise<void>;
}

/** Exit codes of a process that a signal ended, as shells count them. */
const signalNumbers = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
type StopSignal = keyof typeof signalNumbers;

/** Aborts with the exit code as its reason on SIGINT, SIGTERM and SIGHUP; a second signal ends the process at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of Object.keys(signalNumbers) as StopSignal[]) {
    process.on(name, () => {
      const exitCode = 128 + signalNumbers[name];
      if (controller.signal.aborted) process.exit(exitCode);
      controller.abort(exitCode);
    });
  }
  return controller.signal;
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

import type { SocketCalls } from "./socket-calls.ts";

/** How long the system may take to say whether somebody listens, in milliseconds. */
const ANSWER_MS = 5000;

/**
 * Whether a process listens on a socket: it is connected to, and left again. A system that does not say in time, or
 * says anything unforeseen, has no proof that nobody does.
 * @throws NodeJS.ErrnoException for what can't be connected to for another reason than that nobody listens
 */
export async function isServed(calls: SocketCalls, path: string): Promise<boolean> {
  const handle = calls.open();
  try {
    const first = calls.connect(handle, path);
    if (first !== "pending") return first === "connected";
    return !(await isKnown(calls, handle)) || calls.outcome(handle) === "connected";
  } finally {
    calls.close(handle);
  }
}

/** False when it takes too long. */
function isKnown(calls: SocketCalls, handle: number): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (known: boolean) => {
      clearTimeout(timer);
      watch.close();
      resolve(known);
    };
    const timer = setTimeout(end, ANSWER_MS, false);
    const watch = calls.watch(handle, () => {
      end(true);
    });
    watch.want({ readable: false, writable: true });
  });
}

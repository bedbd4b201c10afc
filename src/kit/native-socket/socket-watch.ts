import type { Native } from "../native.ts";

/** What an owner waits for. */
export interface Interest {
  readonly readable: boolean;
  readonly writable: boolean;
}

/** Tells when a socket may be read or written. */
export interface SocketWatch {
  /** Replaces what is waited for. */
  want(interest: Interest): void;
  /** To be called before the socket is closed. */
  close(): void;
}

const NOTHING: Interest = { readable: false, writable: false };

/**
 * libuv watches, in the loop that the process has anyway: epoll on Linux, AFD on Windows, whose AF_UNIX sockets libuv
 * knows since 1.44.
 * @param ready is told as long as what is wanted is there, and when the socket has failed: then a call on it says why
 */
export function watchSocket(native: Native, handle: number, ready: () => void): SocketWatch {
  let watched = NOTHING;
  let isClosed = false;
  let isTold = false;
  let poll: import("koffi").node.PollHandle | undefined;
  // koffi calls this outside of Node's own callbacks, where what is due next would not run.
  const wake = (status: unknown) => {
    // A socket that has failed is not watched any more.
    if (typeof status === "number" && status < 0) watched = NOTHING;
    if (isTold) return;
    isTold = true;
    setImmediate(() => {
      isTold = false;
      if (!isClosed) ready();
    });
  };
  return {
    want: ({ readable, writable }) => {
      if (isClosed || (readable === watched.readable && writable === watched.writable)) return;
      watched = { readable, writable };
      if (!readable && !writable) poll?.stop();
      else if (poll === undefined) poll = native.node.poll(handle, watched, wake);
      else poll.start(watched, wake);
    },
    close: () => {
      isClosed = true;
      poll?.close();
    },
  };
}

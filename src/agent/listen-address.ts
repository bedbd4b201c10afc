import { StatusError } from "../kit/errors.ts";

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** True where nobody but this machine can listen in. */
  readonly isLoopback: boolean;
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/** `HOST:PORT`, with brackets around an IPv6 address; port 0 takes a free one. @throws StatusError INVALID_ARGUMENT */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65535) {
    throw new StatusError("INVALID_ARGUMENT", `${text} is not HOST:PORT`);
  }
  return { host, port, isLoopback: LOOPBACK.test(host) };
}

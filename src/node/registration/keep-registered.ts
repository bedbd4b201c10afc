import { setTimeout as delay } from "node:timers/promises";
import { Gauge } from "prom-client";
import type { SocketListener } from "../../csi/listeners/socket-listener.ts";
import type { RegistrationRpcs } from "../../csi/rpc.ts";
import { serveSocket } from "../../csi/server.ts";
import { StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { KubeletPlugin } from "./kubelet-plugin.ts";

/** How often the socket is looked for, and the node asked whether it knows itself, in milliseconds. */
const LOOK_EVERY_MS = 1000;

const NOT_ASKED = "kubelet has not registered this driver yet";

/** A driver that registers itself with kubelet. */
export interface KubeletRegistration {
  /** Why kubelet does not use the driver; undefined once it does. */
  readonly whyNot: () => string | undefined;
  /**
   * Shows the driver to kubelet until `stop` is aborted; then the socket is gone, and kubelet forgets the driver.
   * @throws StatusError FAILED_PRECONDITION when kubelet refuses it
   */
  readonly keep: (stop: AbortSignal) => Promise<void>;
}

/**
 * Kubelet gives up a socket that answers an error, and asks NodeGetInfo as soon as it has found one: so the socket
 * appears only when `nodeInfo` can be answered. It is made again when it is gone, as after a clean-up of kubelet's.
 */
export function kubeletRegistration(
  { socket, info }: KubeletPlugin,
  nodeInfo: () => Promise<unknown>,
  metrics: Metrics,
  log: Log,
  listener?: SocketListener,
): KubeletRegistration {
  let whyNot: string | undefined = NOT_ASKED;
  const refused = new AbortController();
  const Registration: RegistrationRpcs = {
    GetInfo: () => Promise.resolve(info),
    NotifyRegistrationStatus: ({ plugin_registered, error }) => {
      if (plugin_registered) {
        if (whyNot !== undefined) log.info({ socket }, "kubelet has registered this driver");
        whyNot = undefined;
      } else {
        whyNot = `kubelet refused to register driver ${info.name}: ${error || "it gave no reason"}`;
        refused.abort(new StatusError("FAILED_PRECONDITION", whyNot));
      }
      return Promise.resolve({});
    },
  };
  new Gauge({
    name: "hyperv_csi_node_registered",
    help: "1 while kubelet has this driver registered",
    registers: [metrics.registry],
    collect() {
      this.set(whyNot === undefined ? 1 : 0);
    },
  });

  /** @returns false when it was told to stop meanwhile */
  async function untilKnown(stop: AbortSignal): Promise<boolean> {
    for (;;) {
      if (stop.aborted) return false;
      try {
        await nodeInfo();
        return true;
      } catch (error) {
        const { message } = StatusError.from(error);
        const why = `the node can't tell kubelet what it is: ${message}`;
        if (why !== whyNot) log.warn(why);
        whyNot = why;
      }
      await pause(stop);
    }
  }

  async function keep(stop: AbortSignal): Promise<void> {
    if (!(await untilKnown(stop))) return;
    whyNot = NOT_ASKED;
    const end = firstOf(stop, refused.signal);
    let server = await serveSocket(socket, { Registration }, metrics, log, listener);
    try {
      while (!end.aborted) {
        if (await server.isThere()) {
          await pause(end);
          continue;
        }
        log.warn({ socket }, "the registration socket is gone: it is made again");
        whyNot = NOT_ASKED;
        await server.close();
        server = await serveSocket(socket, { Registration }, metrics, log, listener);
      }
    } finally {
      await server.close();
    }
    if (!stop.aborted) throw StatusError.from(refused.signal.reason);
  }

  return { whyNot: () => whyNot, keep };
}

function firstOf(...signals: readonly AbortSignal[]): AbortSignal {
  const first = new AbortController();
  const end = () => {
    first.abort();
  };
  for (const signal of signals) {
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
  }
  return first.signal;
}

async function pause(end: AbortSignal): Promise<void> {
  await delay(LOOK_EVERY_MS, undefined, { signal: end }).catch(() => undefined);
}

import { StatusError } from "../../kit/errors.ts";
import type { Log } from "../../kit/log.ts";
import { answerReader } from "../../kit/worker/answer.ts";
import { WorkerPool, type WorkerKind, type WorkerObserver } from "../../kit/worker/pool.ts";
import { WorkerLost } from "../../kit/worker/process.ts";
import { requireProtocol } from "../../kit/worker/protocol-version.ts";
import type { WorkerSettings } from "../../kit/worker/settings.ts";
import { windowsFailures } from "./failures.ts";
import {
  type Args,
  type Hello,
  type Operation,
  PROTOCOL_VERSION,
  type Result,
  results,
  type WindowsOperations,
} from "./protocol.ts";

const kind: WorkerKind<WindowsOperations> = {
  readAnswer: answerReader(results),
  failures: windowsFailures,
  accept: acceptWorker,
};

/** What Windows' storage is asked and told, through the workers of this node. */
export class WindowsWorkers {
  readonly #pool: WorkerPool<WindowsOperations>;

  constructor(settings: WorkerSettings, log: Log, observe: WorkerObserver) {
    this.#pool = new WorkerPool(kind, settings, log, observe);
  }

  /** Asks for something that changes nothing, in a second worker when the first one fails. */
  async ask<Op extends Operation>(op: Op, args: Args[Op]): Promise<Result<Op>> {
    return await this.#pool.read(op, args);
  }

  /** Changes something, once. How far a change came whose worker is lost is seen by the next call, which looks first. */
  async change<Op extends Operation>(op: Op, args: Args[Op]): Promise<Result<Op>> {
    try {
      return await this.#pool.change(op, args);
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error;
      throw new StatusError(
        "UNAVAILABLE",
        `Windows did not say whether it did ${op}: ${error.message}`,
        error,
      );
    }
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** @throws StatusError FAILED_PRECONDITION for another protocol, PERMISSION_DENIED */
export function acceptWorker({ protocol, mayManageDisks, user, computer }: Hello): void {
  requireProtocol(
    protocol,
    PROTOCOL_VERSION,
    `the worker speaks protocol ${protocol} and this node plugin ${PROTOCOL_VERSION}: both come in one image`,
  );
  if (mayManageDisks) return;
  throw new StatusError(
    "PERMISSION_DENIED",
    `${user} may not manage disks on ${computer}: run the node plugin as a HostProcess container with runAsUserName "NT AUTHORITY\\SYSTEM"`,
  );
}

import { hasErrno } from "../../src/kit/errors.ts";
import type { WorkerError } from "../../src/kit/worker/messages.ts";

/** What Hyper-V says instead of an answer, in the language of a host that is not English. */
export class Refusal extends Error {
  readonly answer: WorkerError;

  constructor(hresult: number, errorId = "OperationFailed,Microsoft.HyperV.PowerShell.Commands.Simulated") {
    super(`0x${hresult.toString(16)}`);
    this.answer = {
      hresult: hresult | 0,
      fullyQualifiedErrorId: errorId,
      category: "NotSpecified",
      message: "Der Vorgang konnte nicht abgeschlossen werden – Zugriff auf »Datei« verweigert.",
    };
  }
}

export function notThere(what: "VmNotHere" | "CheckpointNotFound"): Refusal {
  return new Refusal(0x80004005, `HypervCsi.${what}`);
}

/** A failure of the file system as Windows would tell it. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (hasErrno(error, "ENOENT")) return new Refusal(0x80070002);
  if (hasErrno(error, "ENOSPC")) return new Refusal(0x80070070);
  return new Refusal(0x80004005, `Simulated,${error instanceof Error ? error.message : ""}`.slice(0, 4000));
}

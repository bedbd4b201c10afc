import type { WorkerError } from "../../src/kit/worker/messages.ts";

/** What Windows says instead of an answer, in the language of a machine that is not English. */
export class StorageRefusal extends Error {
  readonly answer: WorkerError;

  constructor(hresult: number, errorId = "StorageWMI 4,Simulated") {
    super(`0x${hresult.toString(16)} ${errorId}`);
    this.answer = {
      hresult: hresult | 0,
      fullyQualifiedErrorId: errorId,
      category: "NotSpecified",
      message: "Der Vorgang konnte nicht abgeschlossen werden – »Datenträger« wird verwendet.",
    };
  }
}

export const HRESULT = {
  accessDenied: 0x80070005,
  inUse: 0x800700aa,
  writeProtected: 0x80070013,
  notEmpty: 0x80070091,
  notFound: 0x80070002,
  noDevice: 0x8007048f,
  own: 0x80004005,
} as const;

export function own(id: "DiskChanged" | "NotBlank" | "UnknownOperation"): StorageRefusal {
  return new StorageRefusal(HRESULT.own, `HypervCsi.${id}`);
}

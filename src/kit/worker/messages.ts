import { type Static, Type } from "typebox";

/**
 * What a worker can be asked, by operation. A worker is a process that reads a JSON object per line, `{id, op, args}`, and
 * writes one answer for each, in order. Each kind knows `hello`, by which it tells what it is.
 */
export type Operations = Readonly<Record<string, { readonly args: object; readonly result: unknown }>>;

/** What a failed operation says. Texts are localised: nothing but people reads them. */
export const WorkerError = Type.Object({
  /** Signed or unsigned. */
  hresult: Type.Integer({ minimum: -2_147_483_648, maximum: 4_294_967_295 }),
  /** `ObjectNotFound,Microsoft.HyperV.PowerShell.Commands.GetVM` */
  fullyQualifiedErrorId: Type.String({ maxLength: 4096 }),
  /** Name of a System.Management.Automation.ErrorCategory. */
  category: Type.String({ maxLength: 4096 }),
  message: Type.String(),
});
export type WorkerError = Static<typeof WorkerError>;

const Id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** A line of a worker. */
export const Answer = Type.Union([
  Type.Object({ id: Id, result: Type.Unknown() }),
  Type.Object({ id: Id, error: WorkerError }),
]);
export type Answer = Static<typeof Answer>;

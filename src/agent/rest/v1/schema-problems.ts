import type { TSchema } from "typebox";
import { Pointer } from "typebox/value";
import { VolumesApiError } from "./refusals.ts";

/** What a schema's checker says about a value that does not fit. */
interface SchemaError {
  readonly keyword: string;
  /** JSON pointer of the schema that has the keyword. */
  readonly schemaPath: string;
  /** JSON pointer of the value. */
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/** What is wrong with a value, in words and as this API numbers it: of several problems the one that explains most. */
export function problemOf(schema: TSchema, value: unknown, errors: readonly SchemaError[]): VolumesApiError {
  const unknown = errors.find(({ keyword }) => keyword === "additionalProperties");
  if (unknown !== undefined) {
    const { additionalProperties: [name = ""] = [] } = unknown.params as { additionalProperties?: string[] };
    const place = `${unknown.instancePath}/${name}`;
    return new VolumesApiError("UNKNOWN_PARAMETER", `unknown parameter ${nameOf(place).slice(0, 128)}`);
  }
  const own = errors.find((error) => isOwn(error));
  if (own !== undefined) return fieldProblem(schema, own);
  const either = errors.find(({ keyword }) => keyword === "oneOf");
  if (either !== undefined) return eitherProblem(either.instancePath, value);
  return new VolumesApiError("INVALID", ruleOf(schema) ?? "the value does not fit");
}

/** Not one of the branches of a choice, nor the choice itself. */
function isOwn({ keyword, schemaPath, params }: SchemaError): boolean {
  if (keyword === "anyOf" || keyword === "oneOf" || keyword === "boolean") return false;
  if (/^#\/anyOf\/|\/oneOf\//.test(schemaPath)) return false;
  return (params as { type?: unknown }).type !== "null";
}

function fieldProblem(schema: TSchema, error: SchemaError): VolumesApiError {
  const name = nameOf(error.instancePath);
  const { requiredProperties: [missing] = [] } = error.params as { requiredProperties?: string[] };
  if (error.keyword === "required" && missing !== undefined) {
    return new VolumesApiError("INVALID", `${nameOf(`${error.instancePath}/${missing}`)} is missing`);
  }
  const { allowedValues } = error.params as { allowedValues?: unknown[] };
  const wanted =
    ruleOf(Pointer.Get(schema, error.schemaPath.slice(1))) ??
    (allowedValues === undefined ? error.message : `must be one of ${allowedValues.join(", ")}`);
  const isCount = error.keyword === "maxItems";
  const isLength = error.keyword === "maxLength";
  const refusal = isCount ? "TOO_MANY" : isLength ? "TOO_LONG" : "INVALID";
  return new VolumesApiError(refusal, `${name} ${isLength || isCount ? error.message : wanted}`.trim());
}

/** Of an object that is to have one of `uuid` and `name`. */
function eitherProblem(instancePath: string, value: unknown): VolumesApiError {
  const { uuid, name } = (Pointer.Get(value, instancePath) ?? {}) as { uuid?: unknown; name?: unknown };
  const of = instancePath === "" ? "" : ` of ${nameOf(instancePath)}`;
  const both = (uuid ?? undefined) !== undefined && (name ?? undefined) !== undefined;
  return both
    ? new VolumesApiError("NOT_BOTH", `give either uuid or name${of}, not both`)
    : new VolumesApiError("MISSING_ID", `uuid or name${of} is missing`);
}

function ruleOf(schema: unknown): string | undefined {
  const rule = (schema as { "x-rule"?: unknown } | undefined)?.["x-rule"];
  return typeof rule === "string" ? rule : undefined;
}

/** `/attach_to/uuid` as people write it: `attach_to.uuid`. */
function nameOf(pointer: string): string {
  return Pointer.Indices(pointer).join(".");
}

import { StatusError } from "../kit/errors.ts";

/**
 * Refuses a request in which a field is unset; all are looked at before any value is judged.
 * @throws StatusError INVALID_ARGUMENT naming the first such field.
 */
export function requireFields<Request extends object>(
  request: Request,
  ...names: (keyof Request & string)[]
): void {
  const missing = names.find((name) => isUnset(request[name]));
  if (missing !== undefined) throw new StatusError("INVALID_ARGUMENT", `${missing} is missing`);
}

function isUnset(value: unknown): boolean {
  return (
    value === "" || value === null || value === undefined || (Array.isArray(value) && value.length === 0)
  );
}

import { VolumesApiError } from "./refusals.ts";

/**
 * A body as JSON, whatever type its sender gave it. An empty one and `null` are none.
 * @throws VolumesApiError MALFORMED
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new VolumesApiError("MALFORMED", "the body is not UTF-8", error);
  }
  try {
    return (JSON.parse(text) as unknown) ?? undefined;
  } catch (error) {
    throw new VolumesApiError("MALFORMED", "the body is not JSON", error);
  }
}

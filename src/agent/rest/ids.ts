import { isGuid } from "../engine/names.ts";

/** An id from a path or query: Windows spells GUIDs in capitals, the engine in lower case. Other texts stay as they are. */
export function idOf(text: string): string {
  const lower = text.toLowerCase();
  return isGuid(lower) ? lower : text;
}

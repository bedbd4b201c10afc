import { readFile } from "node:fs/promises";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** The text of a function of a worker's scripts. */
export async function bodyOf(file: string, name: string): Promise<string> {
  const text = await readFile(join(root, "powershell", file), "utf8");
  const [, body = ""] = new RegExp(`^function ${name} \\{(.*?)^\\}`, "ms").exec(text) ?? [];
  return body;
}

/** What a function answers: the keys of the last table in it that is not part of another one. */
export async function tableOf(file: string, name: string): Promise<string[]> {
  const body = await bodyOf(file, name);
  const last = [...body.matchAll(/^(?: {4}|.*\S.*)(?=\[ordered\]@\{)/gm)].at(-1);
  const table = body.slice((last?.index ?? 0) + (last?.[0].length ?? 0));
  return [...table.matchAll(/(?:^ {8}|@\{ |; )(\w+) += /gm)].map(([, key = ""]) => key).sort();
}

export const keysOf = (schema: { readonly properties: object }) => Object.keys(schema.properties).sort();

/** The version that a worker's script says it speaks, and the one that a protocol's source wants. */
export async function versionsOf(script: string, protocol: string) {
  const text = await readFile(join(root, "powershell", script), "utf8");
  const [, said] = /\$script:ProtocolVersion = (\d+)/.exec(text) ?? [];
  const [, wanted] = /PROTOCOL_VERSION = (\d+)/.exec(await readFile(join(root, protocol), "utf8")) ?? [];
  return { said, wanted };
}

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";

/**
 * Every text that the files of a directory have in them, `…` in place of what a template fills in; texts that are put
 * together with `+` are one.
 */
export async function textsIn(directory: string): Promise<string[]> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(".ts"));
  const files = await Promise.all(
    names.map(async (name) => {
      const source = await readFile(join(directory, name), "utf8");
      return ts.createSourceFile(name, source, ts.ScriptTarget.Latest);
    }),
  );
  return files.flatMap((file) => [...textsUnder(file)]);
}

function* textsUnder(node: ts.Node): Generator<string> {
  const text = textOf(node);
  if (text !== undefined) yield text;
  const children: ts.Node[] = [];
  node.forEachChild((child) => void children.push(child));
  for (const child of children) yield* textsUnder(child);
}

/** The text that an expression stands for; undefined when it is none. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    return left === undefined && right === undefined ? undefined : `${left ?? "…"}${right ?? "…"}`;
  }
  return undefined;
}

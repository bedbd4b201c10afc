import { Document, Scalar, visit } from "yaml";
import { hasUnseen, printableJson } from "./printable.ts";

/** Data as one YAML document: a line for each value, except for text of several lines. */
export function toYaml(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  // Only between double quotes can a character be written as its number.
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === "string" && hasUnseen(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return printableJson(document.toString({ lineWidth: 0 }));
}

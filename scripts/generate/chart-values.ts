import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMap, isScalar, parseDocument, type YAMLMap } from "yaml";
import { asCode, markdownTable } from "./markdown.ts";

const chart = join(import.meta.dirname, "../../charts/csi-driver-hyperv");

/** What is read of a schema in JSON Schema draft 7. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

/** What Kubernetes and Helm charts call so everywhere; a comment in values.yaml says more where there is more. */
const everywhere: Readonly<Record<string, string>> = {
  affinity: "Affinity of its pods.",
  annotations: "Annotations of the service accounts.",
  enabled: "Whether there is one.",
  extraArgs: "More arguments of its container.",
  extraEnv: "More environment variables of its container.",
  extraVolumeMounts: "More mounts of its container.",
  extraVolumes: "More volumes of its pods.",
  fullnameOverride: "Used in place of release and chart name in the names of all objects.",
  image: "Its image.",
  imagePullSecrets: "Secrets that images are pulled with.",
  interval: "Time between two scrapes.",
  labels: "Labels that its reader selects by.",
  maxUnavailable: "How many of its pods may be away at a time.",
  nodeName: "Name of the node plugin's existing account.",
  nodeSelector: "Nodes that its pods may run on.",
  podAnnotations: "Annotations of its pods.",
  podLabels: "Labels of its pods.",
  priorityClassName: "Priority of its pods.",
  pullPolicy: "When the image is pulled.",
  registrarImage: "Image of node-driver-registrar.",
  resources: "Requests and limits of its container.",
  size: "Size of the claim.",
  timeout: "Longest that a call of the driver may take.",
  tolerations: "Taints that its pods tolerate.",
  topologySpreadConstraints: "How its pods spread.",
  updateStrategy: "How its pods are replaced.",
  workerThreads: "Calls of the driver at a time.",
};

/** The page of the chart's values: names and defaults from values.yaml, with its comments; types from the schema. */
export async function chartValuesPage(): Promise<string> {
  const [values, schema] = await Promise.all([
    readFile(join(chart, "values.yaml"), "utf8"),
    readFile(join(chart, "values.schema.json"), "utf8"),
  ]);
  return (
    "# Values of the Helm chart\n\n" +
    "<!-- Made from charts/csi-driver-hyperv/values.yaml and its schema by `npm run generate`: do not edit. -->\n\n" +
    "`charts/csi-driver-hyperv/values.yaml` has them with examples. A value that is not in this table, or is of another type, is " +
    "refused by name. [Install in Kubernetes](../guides/install-in-kubernetes.md) says which ones are needed.\n\n" +
    markdownTable(["value", "type", "default", "what"], valueRows(values, schema))
  );
}

/** The rows of the table. @throws Error for a value that nothing says what it is, or that the schema does not have */
export function valueRows(values: string, schema: string): string[][] {
  const document = parseDocument(values);
  if (!isMap(document.contents)) throw new Error("values.yaml is no map");
  return rowsOf(document.contents, JSON.parse(schema) as Schema, "");
}

function rowsOf(map: YAMLMap, { properties = {} }: Schema, prefix: string): string[][] {
  return map.items.flatMap(({ key, value }, index) => {
    if (!isScalar<string>(key)) throw new Error("a value's name is no text");
    const name = prefix + key.value;
    const schema = properties[key.value];
    if (schema === undefined) throw new Error(`values.schema.json has no ${name}`);
    if (schema.properties !== undefined && isMap(value)) return rowsOf(value, schema, `${name}.`);
    // The comment before the first name of a map belongs to the map.
    const comment = key.commentBefore ?? (index === 0 ? map.commentBefore : undefined);
    const what = descriptionIn(comment) ?? everywhere[key.value];
    if (what === undefined) {
      throw new Error(
        `values.yaml does not say what ${name} is: put a comment before it that begins with "# --"`,
      );
    }
    const fallback = JSON.stringify((value as { toJSON(): unknown } | null)?.toJSON() ?? null);
    return [[asCode(name), typeOf(schema), asCode(fallback), what]];
  });
}

/** What the last `--` of the comments before a name begins. */
function descriptionIn(comment: string | null | undefined): string | undefined {
  const lines = (comment ?? "").split("\n").map((line) => line.trim());
  const start = lines.findLastIndex((line) => line.startsWith("-- "));
  if (start === -1) return undefined;
  return lines.slice(start).join(" ").slice("-- ".length).trim();
}

function typeOf(schema: Schema): string {
  const { type, anyOf, items, properties, required = [] } = schema;
  if (anyOf !== undefined) return anyOf.map(typeOf).join(" or ");
  if (schema.const !== undefined) return asCode(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return schema.enum.map((each) => asCode(String(each))).join(", ");
  if (items !== undefined) return `list of ${typeOf(items)}`;
  if (properties !== undefined) {
    const optional = Object.keys(properties).filter((name) => !required.includes(name));
    const listed = (names: readonly string[]) => names.map(asCode).join(", ");
    return optional.length === 0 ? listed(required) : `${listed(required)} (and ${listed(optional)})`;
  }
  if (type === undefined) throw new Error("the schema has a value of no type");
  return typeof type === "string" ? type : type.join(" or ");
}

/** A .proto file as a set of lines, one per fact that clients rely on; the notation is that of interface.txt. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import "@grpc/proto-loader"; // Gives protobufjs the google/protobuf/descriptor.proto that csi.proto imports.
import protobuf from "protobufjs";

const markNames = new Map([
  ["(alpha_enum)", "alpha"],
  ["(alpha_field)", "alpha"],
  ["(alpha_message)", "alpha"],
  ["(alpha_method)", "alpha"],
  ["(alpha_service)", "alpha"],
  ["(alpha_enum_value)", "alpha_enum_value"],
  ["(csi_secret)", "csi_secret"],
]);

/** Options the notation does not know keep their own name, so that they show up as a difference. */
function marks(options: Record<string, unknown> = {}): string {
  const names = Object.entries(options).map(([name, value]) =>
    value === true ? (markNames.get(name) ?? name) : `${name}=${String(value)}`,
  );
  return names
    .sort()
    .map((name) => ` [${name}]`)
    .join("");
}

const nameOf = (object: protobuf.ReflectionObject) => object.fullName.replace(/^\./, "");

function fieldType(field: protobuf.Field): string {
  const single = field.resolvedType ? nameOf(field.resolvedType) : field.type;
  if (field instanceof protobuf.MapField) return `map<${field.keyType}, ${single}>`;
  return field.repeated ? `repeated ${single}` : single;
}

function fieldLine(field: protobuf.Field): string {
  const oneof = field.partOf ? ` (oneof ${field.partOf.name})` : "";
  return `${field.id} ${field.name}: ${fieldType(field)}${oneof}${marks(field.options)}`;
}

function methodLine(method: protobuf.Method): string {
  const message = (type: protobuf.Type | null, stream: boolean | undefined) =>
    `(${stream ? "stream " : ""}${type ? nameOf(type) : "unresolved"})`;
  const request = message(method.resolvedRequestType, method.requestStream);
  const response = message(method.resolvedResponseType, method.responseStream);
  return `rpc ${method.name}${request} returns ${response}${marks(method.options)}`;
}

const enumLines = (values: protobuf.Enum) =>
  Object.entries(values.values).map(
    ([name, number]) => `${name} = ${number}${marks(values.valuesOptions?.[name])}`,
  );

function describeObject(object: protobuf.ReflectionObject): string[] {
  const block = (kind: string, members: string[]) => {
    const title = `${kind} ${nameOf(object)}`;
    return [title + marks(object.options), ...members.map((member) => `${title}: ${member}`)];
  };
  if (object instanceof protobuf.Type) {
    return [...block("message", object.fieldsArray.map(fieldLine)), ...describeNested(object)];
  }
  if (object instanceof protobuf.Service) return block("service", object.methodsArray.map(methodLine));
  if (object instanceof protobuf.Enum) return block("enum", enumLines(object));
  if (object instanceof protobuf.Field) {
    return [`extend ${object.extend ?? "?"} { ${object.name}: ${fieldType(object)} = ${object.id} }`];
  }
  throw new Error(`the notation has no word for ${object.fullName}`);
}

const describeNested = (namespace: protobuf.NamespaceBase) => namespace.nestedArray.flatMap(describeObject);

/** The lines of a .proto source text; throws if it is not valid, or names something that it does not define. */
export function linesOfProto(source: string): Set<string> {
  const root = new protobuf.Root();
  const parsed = protobuf.parse(source, root, { keepCase: true });
  for (const path of parsed.imports ?? []) {
    root.addJSON(protobuf.common.get(path)?.nested ?? {});
  }
  root.resolveAll();
  const name = parsed.package ?? "";
  return new Set([`package ${name}`, ...describeNested(root.lookup(name) as protobuf.Namespace)]);
}

/** The lines of a fixture, with each member line joined to the title it stands under. */
export function linesOfFixture(file: string): Set<string> {
  const lines = new Set<string>();
  let title = "";
  for (const line of readFileSync(join(import.meta.dirname, file), "utf8")
    .trimEnd()
    .split("\n")) {
    if (line.startsWith("  ")) {
      lines.add(`${title}: ${line.trim()}`);
    } else {
      title = line.replace(/ \[.*$/, "");
      lines.add(line);
    }
  }
  return lines;
}

import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import "@grpc/proto-loader"; // Gives protobufjs the google/protobuf/descriptor.proto that csi.proto imports.
import { execa } from "execa";
import protobuf from "protobufjs";
import { filesIn } from "./files.ts";

const projectDirectory = fileURLToPath(new URL("../..", import.meta.url));
const protoFiles = ["csi.proto", "pluginregistration.proto"].map((name) =>
  join(projectDirectory, "proto", name),
);
const typeGenerator = fileURLToPath(
  import.meta.resolve("@grpc/proto-loader/build/bin/proto-loader-gen-types.js"),
);
const typeFlags = [
  ...["--keepCase", "--longs=String", "--enums=String", "--defaults", "--oneofs"],
  ...["--grpcLib=@grpc/grpc-js", "--importFileExtension=.ts"],
];
const unknownOrigin = "// Original file: null\n\n";
const banner = "// Made from the files in proto/ by `npm run generate`: do not edit.\n\n";

function* everythingIn(namespace: protobuf.Namespace): Generator<protobuf.ReflectionObject> {
  yield namespace;
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Namespace) yield* everythingIn(nested);
    else yield nested;
  }
  if (namespace instanceof protobuf.Type) yield* namespace.fieldsArray;
  if (namespace instanceof protobuf.Service) yield* namespace.methodsArray;
}

/** Of all options only csi_secret matters at run time: it tells what must not be logged. */
function dropOptions(object: protobuf.ReflectionObject): void {
  const isSecret = object.options?.["(csi_secret)"] === true;
  delete object.options;
  if (isSecret) object.options = { "(csi_secret)": true };
  if (object instanceof protobuf.Enum) delete object.valuesOptions;
}

/** The interfaces as the program loads them, without what serves only its readers, because every start pays for it. */
export function buildDescriptor(): protobuf.INamespace {
  const root = new protobuf.Root().loadSync(protoFiles, { keepCase: true }).resolveAll();
  const csi = root.lookup("csi.v1") as protobuf.Namespace;
  const google = root.lookup("google.protobuf") as protobuf.Namespace;
  for (const object of [...csi.nestedArray]) {
    if (object instanceof protobuf.Field) csi.remove(object);
  }
  const fields = [...everythingIn(csi)].filter((object) => object instanceof protobuf.Field);
  const used = new Set<protobuf.ReflectionObject | null>(fields.map((field) => field.resolvedType));
  for (const type of [...google.nestedArray]) {
    if (!used.has(type)) google.remove(type);
  }
  for (const object of everythingIn(root)) dropOptions(object);
  return root.toJSON();
}

/** Writes what the files in proto/ give: types for the compiler and a descriptor for run time. */
export async function generateCsiTypes(directory: string): Promise<void> {
  const descriptor = JSON.stringify(buildDescriptor());
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  // The type generator wants a name in .proto but takes JSON too; so types and descriptor cannot disagree.
  const source = join(directory, "csi.proto");
  await writeFile(source, descriptor);
  await execa(process.execPath, [typeGenerator, ...typeFlags, `--outDir=${directory}`, source]);
  await rm(source);
  for (const [path, text] of await filesIn(directory)) {
    await writeFile(join(directory, path), banner + text.replaceAll(unknownOrigin, ""));
  }
  await writeFile(join(directory, "descriptor.json"), `${descriptor}\n`);
}

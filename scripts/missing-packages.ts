import { runtimePrograms } from "../src/commands/up/programs.ts";
import { missingPrograms } from "../src/kit/missing-programs.ts";
import { e2ePrograms } from "../test/e2e/machine/programs.ts";

/** Foreign judges of the disk format and of the REST APIs. */
const testPrograms = {
  ...runtimePrograms,
  "qemu-img": "qemu-utils",
  vhdiinfo: "libvhdi-utils",
  virtualenv: "virtualenv",
  // Compiles and runs the host of the Windows service.
  mcs: "mono-mcs mono-runtime libmono-system-serviceprocess4.0-cil",
};

/** Windows for the tests under Wine; Windows' Node wants zlib as a DLL. */
const winePrograms = { wine: "wine wine64 libz-mingw-w64" };

const purposes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  up: runtimePrograms,
  test: testPrograms,
  e2e: e2ePrograms,
  wine: winePrograms,
};

// Prints the Debian packages that are missing for a purpose, in one line.
const programs = purposes[process.argv[2] ?? ""] ?? runtimePrograms;
const missing = missingPrograms(Object.keys(programs), process.env["PATH"] ?? "");
process.stdout.write([...new Set(missing.map((program) => programs[program]))].join(" "));

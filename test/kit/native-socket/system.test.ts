import { constants as os } from "node:os";
import { expect } from "chai";
import { LONGEST_SOCKET_PATH, socketAddress } from "../../../src/kit/native-socket/socket-address.ts";
import { linuxSockets, windowsSockets, type SocketSystem } from "../../../src/kit/native-socket/system.ts";
import { foundOnWindows } from "../../../src/kit/native-socket/windows-file.ts";
import { nativeLibraries } from "../../../src/kit/native.ts";
import headers from "./headers.json" with { type: "json" };

const said = Object.fromEntries(headers.constants.map(({ name, value }) => [name, value]));

/** Every declaration of a system with the library that it is looked for in. */
function declarations({ functions, lastError = "", keepFromChildren, library }: SocketSystem) {
  return {
    ...Object.fromEntries(
      Object.entries({ ...functions, lastError }).map(([name, text]) => [name, { library, text }]),
    ),
    keepFromChildren: { library: keepFromChildren.library, text: keepFromChildren.declaration },
  };
}

/** `int __stdcall bind(intptr_t s, void *name)` without the names of its arguments: `int bind(intptr_t, void *)`. */
function bare(declaration: string): string {
  return declaration
    .replace("__stdcall ", "")
    .replaceAll(/(\w+ \*?)\w+(?=[,)])/g, (_all, type: string) => type.trim());
}

describe("the sockets of Windows as data", () => {
  it("have the constants of the headers", () => {
    const { MSG_NOSIGNAL, SHUT_WR, ...same } = windowsSockets.constants;
    for (const [name, value] of Object.entries(same)) expect(value, name).to.equal(said[name]);
    expect(SHUT_WR).to.equal(said["SD_SEND"]);
    // Windows has no signals.
    expect(MSG_NOSIGNAL).to.equal(0);
    expect(windowsSockets.keepFromChildren.rest).to.deep.equal([said["HANDLE_FLAG_INHERIT"], 0]);
    // _IOW: in, the size of a 32-bit u_long, the group, the number.
    expect(said["FIONBIO"]).to.equal((0x80000000 | (4 << 16) | ("f".charCodeAt(0) << 8) | 126) >>> 0);
  });

  it("have the names of errors that Node has for them", () => {
    const named = headers.errors.map(({ value, node }) => [String(value), node]);
    expect(windowsSockets.errors).to.deep.equal(Object.fromEntries(named));
    for (const name of Object.values(windowsSockets.errors)) expect(os.errno).to.have.property(name);
  });

  it("call functions as the headers declare them", () => {
    const types = headers.types as Readonly<Record<string, string>>;
    const told = Object.entries(headers.functions).map(([name, { library, of }]) => {
      const [, result = "", call = "", args = ""] = /^(\w+) (\w+)\((.*)\)$/.exec(of) ?? [];
      const listed = args === "" ? [] : args.split(", ").map((type) => types[type]);
      return [name, { library, text: `${types[result]} ${call}(${listed.join(", ")})` }];
    });
    const ours = Object.entries(declarations(windowsSockets)).map(([name, { library, text }]) => [
      name,
      { library, text: bare(text) },
    ]);
    expect(Object.fromEntries(ours)).to.deep.equal(Object.fromEntries(told));
  });

  it("have declarations that koffi understands", () => {
    const libc = nativeLibraries()?.load(null);
    for (const { text } of Object.values(declarations(windowsSockets))) {
      // The same under the name of a function that is here.
      const renamed = text.replace(/\w+\(/, "getpid(");
      expect(libc?.func(renamed), text).to.be.a("function");
    }
  });

  it("have addresses as <afunix.h> lays them out: the family, then 108 bytes for the path and its end", () => {
    const address = socketAddress(windowsSockets.constants.AF_UNIX, String.raw`C:\csi\ü.sock`);
    expect(address).to.have.lengthOf(2 + (said["UNIX_PATH_MAX"] ?? 0));
    expect(LONGEST_SOCKET_PATH).to.equal((said["UNIX_PATH_MAX"] ?? 0) - 1);
    expect(address.subarray(0, 2)).to.deep.equal(Buffer.from([1, 0]));
    expect(address.toString("utf8", 2).replace(/\0+$/, "")).to.equal(String.raw`C:\csi\ü.sock`);
  });

  it("are known by the tag of their reparse point", () => {
    const found = (attributes: number, tag: number) => {
      const data = Buffer.alloc(592);
      data.writeUInt32LE(attributes, 0);
      // dwFileAttributes, three FILETIMEs, the size in two halves, then dwReserved0.
      data.writeUInt32LE(tag, 4 + 3 * 8 + 2 * 4);
      return foundOnWindows(data);
    };
    const [reparse = 0, socket = 0] = [said["FILE_ATTRIBUTE_REPARSE_POINT"], said["IO_REPARSE_TAG_AF_UNIX"]];
    expect(found(reparse | 0x20, socket)).to.equal("socket");
    // A symbolic link, a mount point; a plain file, whose tag means nothing; a directory.
    expect(found(reparse, 0xa000000c)).to.equal("something else");
    expect(found(reparse | 0x10, 0xa0000003)).to.equal("something else");
    expect(found(0x20, socket)).to.equal("something else");
    expect(found(0x10, 0)).to.equal("something else");
  });
});

describe("the sockets of Linux as data", () => {
  it("have the numbers of errors that this system has", () => {
    for (const [number, name] of Object.entries(linuxSockets.errors)) {
      const known = { ...os.errno, ENFILE: 23, EAFNOSUPPORT: 97 } as Readonly<Record<string, number>>;
      expect(known[name], name).to.equal(Number(number));
    }
  });

  it("name every error that is told apart on Windows, but that of a bad argument", () => {
    const names = (system: SocketSystem) => Object.values(system.errors);
    const onlyOnWindows = names(windowsSockets).filter((name) => !names(linuxSockets).includes(name));
    expect(onlyOnWindows).to.deep.equal(["EINVAL"]);
  });
});

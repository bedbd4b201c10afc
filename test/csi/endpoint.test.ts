import { once } from "node:events";
import { mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { posix, win32 } from "node:path";
import { spawn } from "node:child_process";
import { expect } from "chai";
import { clearSocket, socketPath } from "../../src/csi/endpoint.ts";
import { builtInListener } from "../../src/csi/listeners/built-in-listener.ts";
import { expectFailure, rejection, thrownBy } from "../support/failure.ts";
import { linuxCarried } from "../support/linux-carried.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("csi endpoint", () => {
  for (const endpoint of ["unix:///run/csi.sock", "unix:/run/csi.sock", "/run/csi.sock"]) {
    it(`${endpoint} is /run/csi.sock`, () => {
      expect(socketPath(endpoint)).to.equal("/run/csi.sock");
    });
  }

  for (const endpoint of [
    "",
    "unix://",
    "csi.sock",
    "unix://csi.sock",
    "./csi.sock",
    "tcp://0.0.0.0:1",
    "http:///x",
  ]) {
    it(`${JSON.stringify(endpoint)} is refused`, () => {
      const error = thrownBy(() => socketPath(endpoint));
      expect(error.code).to.equal("INVALID_ARGUMENT");
      expect(error.message).to.contain("absolute path");
    });
  }

  for (const endpoint of ["unix:///C:/csi/csi.sock", "unix:/C:/csi/csi.sock", "C:/csi/csi.sock"]) {
    it(`${endpoint} is a path with a drive on Windows, and none elsewhere`, () => {
      expect(socketPath(endpoint, win32)).to.equal("C:/csi/csi.sock");
      expect(thrownBy(() => socketPath(endpoint, posix)).message).to.contain("absolute path");
    });
  }

  it("may be written as Windows does", () => {
    const path = String.raw`C:\var\lib\kubelet\plugins\hyperv.csi.dev\csi.sock`;
    expect(socketPath(`unix://${path}`, win32)).to.equal(path);
    expect(socketPath(path, win32)).to.equal(path);
    expect(thrownBy(() => socketPath("unix://C:csi.sock", win32)).code).to.equal("INVALID_ARGUMENT");
  });

  it("may have 107 bytes, as many as the kernel takes", () => {
    const path = (bytes: number) => `/${"x".repeat(bytes - 1)}`;
    expect(socketPath(path(107))).to.equal(path(107));
    expect(thrownBy(() => socketPath(path(108))).code).to.equal("INVALID_ARGUMENT");
    expect(thrownBy(() => socketPath(`unix:///${"ü".repeat(54)}`)).message).to.contain(
      "longer than 107 bytes",
    );
  });
});

const listeners = { "Node's listener": builtInListener, "the carried listener": linuxCarried() };
for (const [name, listener] of Object.entries(listeners)) {
  describe(`csi clearSocket for ${name}`, () => {
    const path = temporaryDirectory();
    const clearIt = (socket: string) => clearSocket(socket, listener);
    const exists = async (name: string) => {
      const error = await stat(path(name)).catch((reason: unknown) => reason);
      return !(error instanceof Error);
    };

    /** Leaves a socket file behind that nobody listens on, as a killed process does. */
    async function deadSocket(name: string): Promise<void> {
      const script = `require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
      await once(spawn(process.execPath, ["-e", script, path(name)], { stdio: "ignore" }), "exit");
      expect((await stat(path(name))).isSocket()).to.equal(true);
    }

    it("makes the directory", async () => {
      await clearIt(path("new/deep/csi.sock"));
      expect((await stat(path("new/deep"))).isDirectory()).to.equal(true);
    });

    it("removes a dead socket", async () => {
      await deadSocket("dead");
      await clearIt(path("dead"));
      expect(await exists("dead")).to.equal(false);
    });

    it("refuses a socket that a process serves, and leaves it", async () => {
      const server = createServer().listen(path("live"));
      await once(server, "listening");
      try {
        await expectFailure(clearIt(path("live")), "FAILED_PRECONDITION", /another process serves/);
        expect(await exists("live")).to.equal(true);
      } finally {
        server.close();
        await once(server, "close");
      }
    });

    it("refuses a regular file and leaves it as it is", async () => {
      await writeFile(path("file"), "precious");
      await expectFailure(clearIt(path("file")), "FAILED_PRECONDITION", /is not a socket/);
      expect(await readFile(path("file"), "utf8")).to.equal("precious");
    });

    it("refuses a directory, and a link even to a dead socket", async () => {
      await mkdir(path("directory"));
      await expectFailure(clearIt(path("directory")), "FAILED_PRECONDITION", /is not a socket/);
      await deadSocket("target");
      await symlink(path("target"), path("link"));
      await expectFailure(clearIt(path("link")), "FAILED_PRECONDITION", /is not a socket/);
      expect(await exists("target")).to.equal(true);
      await rm(path("target"));
    });

    it("fails under a file", async () => {
      await writeFile(path("flat"), "");
      expect(await rejection(clearIt(path("flat/csi.sock"))))
        .to.have.property("code")
        .that.matches(/ENOTDIR|EEXIST/);
    });
  });
}

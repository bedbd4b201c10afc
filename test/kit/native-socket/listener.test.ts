import { once } from "node:events";
import { readFile, stat, unlink, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { expect } from "chai";
import { isServed } from "../../../src/kit/native-socket/is-served.ts";
import { listenOn } from "../../../src/kit/native-socket/listener.ts";
import { socketCalls } from "../../../src/kit/native-socket/socket-calls.ts";
import { linuxSockets } from "../../../src/kit/native-socket/system.ts";
import { whatIsAt } from "../../../src/kit/native-socket/what-is-at.ts";
import { nativeLibraries } from "../../../src/kit/native.ts";
import { endOwnProcesses, startProcess } from "../../support/own-processes.ts";
import { thrownBy } from "../../support/failure.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { until } from "../../support/until.ts";
import { answerOf, calls, dial, echo, leavesNoDescriptor, listening } from "./listening.ts";

const nobody = () => undefined;

describe("listener over a system's calls", () => {
  const path = temporaryDirectory();
  afterEach(endOwnProcesses);
  leavesNoDescriptor();
  const listen = (socket: string) => listenOn(calls, linuxSockets, socket, nobody, nobody);
  const codeOf = (work: () => unknown): unknown => {
    try {
      work();
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    }
    return undefined;
  };

  it("is a socket of its owner's alone, and gone when it is closed", async () => {
    const listener = listen(path("own.sock"));
    expect(await whatIsAt(path("own.sock"))).to.equal("socket");
    expect((await stat(path("own.sock"))).mode & 0o777).to.equal(0o600);
    listener.close();
    listener.close();
    expect(await whatIsAt(path("own.sock"))).to.equal("nothing");
  });

  it("keeps its connections when it is closed, and a socket that was removed before is no error", async () => {
    await listening(path("a.sock"), echo, async (accepted) => {
      const socket = await dial(path("a.sock"));
      await until(() => accepted.length === 1, "it is accepted");
      await unlink(path("a.sock"));
      const second = listen(path("a.sock"));
      second.close();
      socket.end("still there");
      expect((await answerOf(socket)).toString()).to.equal("still there");
    });
  });

  it("refuses a path that something has, or that can't be, and leaves nothing open", async () => {
    const listener = listen(path("taken.sock"));
    await writeFile(path("file"), "precious");
    expect(codeOf(() => listen(path("taken.sock")))).to.equal("EADDRINUSE");
    expect(codeOf(() => listen(path("file")))).to.equal("EADDRINUSE");
    expect(codeOf(() => listen(path("none/a.sock")))).to.equal("ENOENT");
    expect(thrownBy(() => listen(path("x".repeat(108)))).message).to.match(/longer than 107 bytes/);
    expect(thrownBy(() => listen(`${path("a")}\0b`)).code).to.equal("INVALID_ARGUMENT");
    expect(await whatIsAt(path("taken.sock"))).to.equal("socket");
    listener.close();
  });

  it("says which Windows has what is missing", () => {
    const none = { ...linuxSockets, constants: { ...linuxSockets.constants, AF_UNIX: 99 } };
    const native = nativeLibraries();
    if (native === undefined) throw new Error("koffi is not installed");
    expect(() => socketCalls(native, none).open()).to.throw(/socket: EAFNOSUPPORT: .* since Server 2019/);
  });

  it("takes the longest path that there can be, and letters of any script", async () => {
    const room = 107 - Buffer.byteLength(path("x")) + 1;
    for (const name of ["x".repeat(room), `ü${"x".repeat(room - 2)}`]) {
      await listening(path(name), echo, async () => {
        const socket = await dial(path(name));
        socket.end("hello");
        expect((await answerOf(socket)).toString()).to.equal("hello");
      });
    }
  });

  it("makes sockets that never wait and that no program inherits which this process starts", async () => {
    const listener = calls.open();
    try {
      calls.bind(listener, path("flags.sock"));
      calls.listen(listener);
      expect(calls.accept(listener)).to.equal(undefined);
      const socket = await dial(path("flags.sock"));
      const accepted = calls.accept(listener) ?? -1;
      for (const handle of [listener, accepted]) {
        const info = await readFile(`/proc/self/fdinfo/${handle}`, "utf8");
        // O_CLOEXEC, O_NONBLOCK and O_RDWR.
        expect(/^flags:\s+([0-7]+)$/m.exec(info)?.[1]).to.equal("02004002");
      }
      calls.close(accepted);
      socket.destroy();
    } finally {
      calls.close(listener);
    }
  });

  it("goes on accepting after it had no descriptor left", async () => {
    const script = `
      import { listening, echo } from ${JSON.stringify(import.meta.resolve("./listening.ts"))};
      const served = () => new Promise(() => console.log("listening"));
      await listening(process.argv[1], echo, served, (error) => console.log(error.message));`;
    const server = startProcess("sh", [
      "-c",
      'ulimit -n 64; exec "$0" --input-type=module -e "$1" "$2"',
      ...[process.execPath, script, path("few.sock")],
    ]);
    await server.says(/listening/);
    const sockets = Array.from({ length: 100 }, () => connect(path("few.sock")));
    for (const socket of sockets) socket.on("error", () => undefined);
    await server.says(/accept: EMFILE/);
    for (const socket of sockets) socket.destroy();
    await until(async () => {
      const socket = await dial(path("few.sock"));
      socket.end("served");
      return (await answerOf(socket)).toString() === "served";
    }, "it serves again");
  });
});

describe("whether a socket is served", () => {
  const path = temporaryDirectory();
  afterEach(endOwnProcesses);
  leavesNoDescriptor();

  it("is yes while a process listens, be it busy or with no room for more", async () => {
    const server = createServer(() => undefined).listen(path("live.sock"));
    await once(server, "listening");
    expect(await isServed(calls, path("live.sock"))).to.equal(true);
    server.close();

    const [full, waiting] = [calls.open(), [] as number[]];
    calls.bind(full, path("full.sock"));
    calls.listen(full);
    try {
      for (;;) {
        const handle = calls.open();
        waiting.push(handle);
        if (calls.connect(handle, path("full.sock")) === "pending") break;
      }
      expect(waiting.length).to.be.above(100);
      expect(await isServed(calls, path("full.sock"))).to.equal(true);
    } finally {
      for (const handle of [full, ...waiting]) calls.close(handle);
    }
    expect(await isServed(calls, path("full.sock"))).to.equal(false);
  });

  it("is no when nothing is there, or its process was killed", async () => {
    expect(await isServed(calls, path("none.sock"))).to.equal(false);
    const script = `require("node:net").createServer().listen(process.argv[1], () => console.log("there"))`;
    const server = startProcess(process.execPath, ["-e", script, path("dead.sock")]);
    await server.says(/there/);
    expect(await isServed(calls, path("dead.sock"))).to.equal(true);
    await server.kill("SIGKILL");
    expect(await whatIsAt(path("dead.sock"))).to.equal("socket");
    expect(await isServed(calls, path("dead.sock"))).to.equal(false);
  });

  it("is an error where that can't be known", async () => {
    await writeFile(path("flat"), "");
    const failed = await isServed(calls, path("flat/a.sock")).catch((error: unknown) => error);
    expect(failed).to.be.an("error").with.property("code", "error 20");
  });
});

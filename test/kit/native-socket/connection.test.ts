import { once } from "node:events";
import type { Socket } from "node:net";
import { pipeline, type Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { expect } from "chai";
import fc from "fast-check";
import { endOwnProcesses, startProcess } from "../../support/own-processes.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { until } from "../../support/until.ts";
import { answerOf, dial, digest, echo, leavesNoDescriptor, listening, MIB, noise } from "./listening.ts";

describe("connection over a system's calls", function () {
  this.timeout(120_000);
  const directory = temporaryDirectory();
  const path = () => directory("a.sock");
  afterEach(endOwnProcesses);
  leavesNoDescriptor();

  it("gives back what it got, however it was cut", async () => {
    await listening(path(), echo, async () => {
      const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 200_000 }), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(pieces, fc.boolean(), async (chunks, isHasty) => {
          const socket = await dial(path());
          const answer = answerOf(socket);
          for (const chunk of chunks) {
            if (isHasty) socket.write(chunk);
            else await new Promise((resolve) => socket.write(chunk, resolve));
          }
          socket.end();
          expect(digest(await answer)).to.equal(digest(Buffer.concat(chunks)));
        }),
        { numRuns: 60 },
      );
    });
  });

  it("answers a peer that has ended its half, and hears one whose half still goes on", async () => {
    const answered = (connection: Duplex) => {
      void buffer(connection).then((heard) => connection.end(`heard ${heard.length}`));
    };
    await listening(path(), answered, async () => {
      const socket = await dial(path());
      socket.end(noise(1, MIB));
      expect((await answerOf(socket)).toString()).to.equal(`heard ${MIB}`);
    });
    const heard: Promise<Buffer>[] = [];
    const endsFirst = (connection: Duplex) => {
      connection.end("nothing more");
      heard.push(buffer(connection));
    };
    await listening(path(), endsFirst, async () => {
      const socket = await dial(path());
      expect((await answerOf(socket)).toString()).to.equal("nothing more");
      socket.end(noise(2, MIB));
      expect(digest(await (heard[0] ?? Buffer.of()))).to.equal(digest(noise(2, MIB)));
    });
  });

  it("takes no more from a fast sender than its reader has room for, and loses nothing", async () => {
    const sent = noise(3, 32 * MIB);
    await listening(
      path(),
      (connection) => connection.once("readable", () => undefined),
      async (accepted) => {
        const socket = await dial(path());
        socket.end(sent);
        await untilQuiet(() => `${socket.writableLength} ${accepted[0]?.readableLength}`);
        const [connection] = accepted as [Duplex];
        expect(connection.readableLength).to.be.within(1, 256 * 1024);
        expect(socket.writableLength).to.be.above(30 * MIB);
        expect(digest(await buffer(connection))).to.equal(digest(sent));
        socket.destroy();
      },
    );
  });

  it("asks a source for no more than a slow reader takes, and brings all of it in the end", async () => {
    const all = 512;
    let made = 0;
    function* pieces() {
      for (; made < all; made++) yield noise(made, 65_536);
    }
    const sends = (connection: Duplex) => {
      pipeline(pieces, connection, () => undefined);
    };
    await listening(path(), sends, async () => {
      const socket = await dial(path());
      await until(() => made > 0, "something is sent");
      await untilQuiet(() => String(made));
      expect(made).to.be.below(64);
      const sent = Buffer.concat(Array.from({ length: all }, (_, number) => noise(number, 65_536)));
      const answer = answerOf(socket);
      expect(digest(await answer)).to.equal(digest(sent));
      socket.end();
    });
  });

  it("tells the end of a peer that is killed, whether it is idle, written to, or in the middle of sending", async () => {
    const client = (does: string) =>
      startProcess(process.execPath, [
        "-e",
        `const socket = require("node:net").connect(process.argv[1], () => { ${does} }); setInterval(() => {}, 1000);`,
        path(),
      ]);
    const errors: (string | undefined)[] = [];
    const watched = (connection: Duplex) => {
      connection.on("error", (error: NodeJS.ErrnoException) => errors.push(error.code));
      connection.resume();
      connection.on("end", () => connection.end());
    };
    await listening(path(), watched, async (accepted) => {
      const idle = client("console.log('there')");
      await idle.says(/there/);
      await until(() => accepted.length === 1, "the idle one is accepted");
      await idle.kill("SIGKILL");
      await until(() => accepted[0]?.destroyed === true, "its connection is closed");
      expect(errors).to.deep.equal([]);

      const deaf = client("socket.pause(); console.log('there')");
      await deaf.says(/there/);
      await until(() => accepted.length === 2, "the deaf one is accepted");
      accepted[1]?.write(noise(5, 8 * MIB));
      await deaf.kill("SIGKILL");
      await until(() => accepted[1]?.destroyed === true, "its connection is closed");
      expect(errors.splice(0))
        .to.have.lengthOf(1)
        .and.satisfy((codes: string[]) => {
          return codes.every((code) => code === "EPIPE" || code === "ECONNRESET");
        });

      const talker = client(
        "const go = () => { socket.write(Buffer.alloc(65536), go) }; go(); console.log('there')",
      );
      await talker.says(/there/);
      await until(() => accepted.length === 3, "the talker is accepted");
      await talker.kill("SIGKILL");
      await until(() => accepted[2]?.destroyed === true, "its connection is closed");
    });
  });

  it("tells a peer that left with words unread as ECONNRESET", async () => {
    await listening(
      path(),
      () => undefined,
      async (accepted) => {
        const socket = await dial(path());
        socket.pause();
        await until(() => accepted.length === 1, "it is accepted");
        const [connection] = accepted as [Duplex];
        await new Promise((resolve) => connection.write("unread", resolve));
        const failed = once(connection, "error");
        connection.resume();
        socket.destroy();
        expect(await failed).to.have.nested.property("[0].code", "ECONNRESET");
        await until(() => connection.destroyed, "it is closed");
      },
    );
  });

  it("ends what was not sent when it is destroyed, in the middle of anything", async () => {
    await listening(
      path(),
      () => undefined,
      async (accepted) => {
        const sockets: Socket[] = [];
        for (let number = 0; number < 20; number++) {
          const socket = await dial(path());
          socket.on("error", () => undefined).resume();
          socket.write(noise(number, MIB));
          sockets.push(socket);
        }
        await until(() => accepted.length === sockets.length, "all are accepted");
        const unsent = accepted.map(
          (connection) => new Promise((resolve) => connection.write(noise(6, 8 * MIB), resolve)),
        );
        for (const [number, connection] of accepted.entries())
          connection.destroy(number % 2 === 0 ? undefined : new Error("enough"));
        for (const error of await Promise.all(unsent)) expect(error).to.be.an("error");
        for (const socket of sockets) socket.destroy();
      },
    );
  });
});

/** Waits until something has not changed for a while. */
async function untilQuiet(what: () => string): Promise<void> {
  let last = "";
  let same = 0;
  await until(() => {
    same = what() === last ? same + 1 : 0;
    last = what();
    return same >= 20;
  }, "it is quiet");
}

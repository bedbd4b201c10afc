import { expect } from "chai";
import { temporaryDirectory } from "../../support/temporary.ts";
import { until } from "../../support/until.ts";
import { answerOf, dial, digest, echo, leavesNoDescriptor, listening, MIB, noise } from "./listening.ts";

describe("many connections over a system's calls", function () {
  this.timeout(120_000);
  const directory = temporaryDirectory();
  const path = () => directory("a.sock");
  leavesNoDescriptor();

  it("serves 1,000 connections in a row", async () => {
    await listening(path(), echo, async (accepted) => {
      for (let number = 0; number < 1000; number++) {
        const socket = await dial(path());
        socket.end(String(number));
        expect((await answerOf(socket)).toString()).to.equal(String(number));
      }
      await until(() => accepted.every(({ destroyed }) => destroyed), "each is closed by itself");
      expect(accepted).to.have.lengthOf(1000);
    });
  });

  it("carries megabytes of 64 at once both ways, and no byte of another", async () => {
    await listening(path(), echo, async () => {
      const talk = async (number: number) => {
        const sent = noise(number, 2 * MIB + number);
        const socket = await dial(path());
        const answer = answerOf(socket);
        socket.end(sent);
        expect(digest(await answer)).to.equal(digest(sent));
      };
      await Promise.all(Array.from({ length: 64 }, (_, number) => talk(number)));
    });
  });
});

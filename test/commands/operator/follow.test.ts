import { expect } from "chai";
import { type ClientCall, createAgentClient } from "../../../src/agent-client/agent-client.ts";
import { follow } from "../../../src/commands/operator/follow.ts";
import { StatusError } from "../../../src/kit/errors.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { startTestAgent, type TestAgent, testCall } from "../../support/agent.ts";
import { rejection } from "../../support/failure.ts";
import { fakeVm } from "../../support/fake-host.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const aborted = (message: string) => new StatusError("ABORTED", message);
const stillRunning = aborted("clone a b (43 %) is still running; the request can be repeated");

describe("operator's commands, long work", () => {
  const path = temporaryDirectory();
  const session = {
    agent: createAgentClient({ url: "http://127.0.0.1:1", apiKey: "x" }),
    signal: new AbortController().signal,
  };

  it("is joined again by the same request until it is done", async () => {
    const answers = [
      stillRunning,
      aborted("the agent at http://h is still working; the request can be repeated"),
      "done",
    ];
    const calls: [ClientCall, boolean][] = [];
    const result = await follow(session, (call, isRepeat) => {
      calls.push([call, isRepeat]);
      const answer = answers[calls.length - 1];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    });
    expect(result).to.equal("done");
    expect(calls.map(([, isRepeat]) => isRepeat)).to.deep.equal([false, true, true]);
    expect(new Set(calls.map(([{ requestId }]) => requestId))).to.have.lengthOf(1);
  });

  const others = [
    aborted("clone a is still running is running on volume x; the request can be repeated"),
    aborted("volume x was changed meanwhile"),
    new StatusError("UNAVAILABLE", "x is still running; the request can be repeated"),
    new Error("x is still running; the request can be repeated"),
  ];
  for (const error of others) {
    it(`ends at any other failure: ${String(error)}`, async () => {
      let requests = 0;
      const thrown = await rejection(
        follow(session, () => {
          requests++;
          return Promise.reject(requests === 1 ? error : new Error("asked again"));
        }),
      );
      expect(thrown).to.equal(error);
      expect(requests).to.equal(1);
    });
  }

  describe("at a real agent", () => {
    let agent: TestAgent;
    before(async () => {
      agent = await startTestAgent(path("pool"));
    });
    after(() => agent.close());

    it("runs once, however often its request comes", async () => {
      const { id } = await agent.client.createVolume("a", { size: 8n * MiB }, testCall());
      const gate = Promise.withResolvers<undefined>();
      agent.host.gate = gate.promise;
      let requests = 0;
      const attachment = await follow({ ...session, agent: agent.client }, (call) => {
        requests++;
        // The third finds the work still there, and it ends.
        if (requests === 3) gate.resolve(undefined);
        const deadline = requests < 3 ? performance.now() + 50 : call.deadline;
        return agent.client.attach(fakeVm(1).id, id, false, { ...call, deadline });
      });
      expect(requests).to.equal(3);
      expect(attachment).to.include({ VmId: fakeVm(1).id, VolumeId: id });
      expect(agent.host.attachments).to.have.lengthOf(1);
    });
  });
});

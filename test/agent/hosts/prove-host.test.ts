import { expect } from "chai";
import { untilHostIsProven } from "../../../src/agent/hosts/prove-host.ts";
import { type ErrorCode, StatusError } from "../../../src/kit/errors.ts";
import { silentLog } from "../../../src/kit/log.ts";
import { FakeHost } from "../../support/fake-host.ts";
import { refused } from "../../support/refused.ts";

class SlowHost extends FakeHost {
  closed = false;
  readonly answer: Promise<never>;

  constructor(answer: Promise<never>) {
    super();
    this.answer = answer;
    answer.catch(() => undefined);
  }

  override listVms(): Promise<never> {
    return this.answer;
  }

  override close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

describe("a host at the start of an agent", () => {
  const failing = (code: ErrorCode) => new SlowHost(Promise.reject(new StatusError(code, "no host for you")));

  it("is taken when it answers", async () => {
    await untilHostIsProven(new FakeHost(), silentLog());
  });

  for (const code of ["FAILED_PRECONDITION", "PERMISSION_DENIED"] as const) {
    it(`ends the start with ${code}, and is closed`, async () => {
      const host = failing(code);
      await refused(untilHostIsProven(host, silentLog()), code, "no host for you");
      expect(host.closed).to.equal(true);
    });
  }

  it("is asked again later when it is not there yet, or hangs", async () => {
    for (const host of [failing("UNAVAILABLE"), new SlowHost(new Promise(() => undefined))]) {
      await untilHostIsProven(host, silentLog(), 10);
      expect(host.closed).to.equal(false);
    }
  });
});

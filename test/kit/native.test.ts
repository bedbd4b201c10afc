import { expect } from "chai";
import { callInThread, nativeLibraries } from "../../src/kit/native.ts";

describe("calls of the system's libraries", () => {
  before(function () {
    if (process.platform === "linux") return;
    console.log("      skipped: the library is glibc");
    this.skip();
  });

  it("are all made, however many come at once", async () => {
    const abs = nativeLibraries()!.load("libc.so.6").func("int abs(int number)");
    const numbers = Array.from({ length: 2000 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => callInThread<number>(abs, -number)));
    expect(answers).to.deep.equal(numbers);
  });
});

import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { ifThere } from "../../src/kit/if-there.ts";
import { rejection } from "../support/failure.ts";
import { temporaryDirectory } from "../support/temporary.ts";

describe("work on a file that may not be there", () => {
  const path = temporaryDirectory();

  it("comes to undefined where it is not, to what it does where it is, and to its failure", async () => {
    expect(await ifThere(readFile(path("missing")))).to.equal(undefined);
    expect(await ifThere(Promise.resolve("text"))).to.equal("text");
    expect(await rejection(ifThere(readFile(path())))).to.have.property("code", "EISDIR");
  });
});

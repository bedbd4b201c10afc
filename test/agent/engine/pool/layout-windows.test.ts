import { expect } from "chai";
import { canBeOpened } from "../../../../src/agent/engine/pool/layout.ts";

describe("paths of disks that can be opened", () => {
  const path = (length: number) => `C:\\${"a".repeat(length - 3)}`;

  it("leave room for a checkpoint's 41 characters below Windows' 260", () => {
    expect(canBeOpened(path(218), "win32")).to.equal(true);
    expect(canBeOpened(path(219), "win32")).to.equal(false);
  });

  it("may be longer elsewhere", () => {
    expect(canBeOpened(path(1000), "linux")).to.equal(true);
  });
});

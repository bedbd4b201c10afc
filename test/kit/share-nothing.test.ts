import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { flockFile } from "../../src/kit/flock.ts";
import { lockerOn, lockFile } from "../../src/kit/file-lock.ts";
import { heldBeside, SHARE_NOTHING, shareNothing } from "../../src/kit/share-nothing.ts";
import { expectFailure } from "../support/failure.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** What Windows does with files that are opened to be shared with nobody. */
class ShareModes {
  readonly held = new Set<string>();
  /** How often an open is still refused, though nobody keeps the file. */
  busy = 0;

  readonly open = (path: string, flags: number): Promise<{ close: () => Promise<void> }> => {
    expect(flags & SHARE_NOTHING, "opened to be shared with nobody").to.equal(SHARE_NOTHING);
    if (this.held.has(path) || this.busy-- > 0) {
      return Promise.reject(Object.assign(new Error("EBUSY: resource busy or locked"), { code: "EBUSY" }));
    }
    this.held.add(path);
    const close = () => {
      this.held.delete(path);
      return Promise.resolve();
    };
    return Promise.resolve({ close });
  };
}

describe("kit lock by opening a file for oneself, as on Windows", () => {
  const path = temporaryDirectory();
  const windows = new ShareModes();
  const take = (file: string) => shareNothing(file, windows.open);
  const lock = (file: string, owner: string) => lockFile(path(file), "pool", owner, take);

  it("is how Windows locks, and no other", () => {
    expect(lockerOn("win32")).to.equal(shareNothing);
    expect(lockerOn("linux")).to.equal(flockFile);
    expect(lockerOn("darwin")).to.equal(flockFile);
  });

  it("is refused while another has it, naming that one, and free after its release", async () => {
    const first = await lock("own.lock", "first");
    expect([...windows.held]).to.deep.equal([heldBeside(path("own.lock"))]);
    await expectFailure(lock("own.lock", "second"), "FAILED_PRECONDITION", /in use by first \(pid \d+\)/);
    expect(await readFile(path("own.lock"), "utf8"), "the owner's words stay").to.match(/^first/);
    await first.release();
    expect([...windows.held]).to.deep.equal([]);
    await (await lock("own.lock", "second")).release();
    expect(await readFile(path("own.lock"), "utf8")).to.match(/^second/);
  });

  it("waits out a virus scanner that looks at the file", async () => {
    windows.busy = 3;
    await (await lock("scanned.lock", "me")).release();
  });

  it("passes on what is no sharing violation", async () => {
    const denied = () => Promise.reject(Object.assign(new Error("EPERM"), { code: "EPERM" }));
    const error: unknown = await shareNothing(path("denied.lock"), denied).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "EPERM");
  });
});

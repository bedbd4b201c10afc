import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import fc from "fast-check";
import { parseKvpPool, readKvpPool } from "../../../src/node/linux/kvp.ts";
import { systemRoots } from "../../../src/node/linux/this-vm.ts";
import { kvpPool, kvpRecord } from "../../support/kvp-pool.ts";
import { refused } from "../../support/refused.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

describe("a KVP pool", () => {
  const path = temporaryDirectory();
  const read = () => readKvpPool(3, { ...systemRoots, hyperv: path("hyperv") });
  const write = (bytes: Buffer) => writeFile(path("hyperv", ".kvp_pool_3"), bytes);
  before(() => mkdir(path("hyperv")));

  /** Text that fits a field and has no control characters. */
  const text = (most: number) =>
    fc
      .string({ unit: "grapheme", maxLength: 60 })
      .filter((each) => !/\p{Cc}/u.test(each) && Buffer.byteLength(each) <= most && each.isWellFormed());

  it("gives back every pair that was written", () => {
    fc.assert(
      fc.property(fc.dictionary(text(512).filter(Boolean), text(2048), { maxKeys: 8 }), (pairs) => {
        expect([...parseKvpPool(kvpPool(pairs))]).to.deep.equal(Object.entries(pairs));
      }),
    );
  });

  it("takes whatever bytes there are, and keeps whole records apart", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6000, size: "max" }), (bytes) => {
        const pairs = parseKvpPool(Buffer.concat([kvpRecord("VirtualMachineId", "x"), bytes]));
        expect(pairs.size).to.be.at.most(1 + Math.floor(bytes.length / 2560));
        for (const [key, value] of pairs) expect(key + value).not.to.match(/\p{Cc}/u);
      }),
    );
  });

  it("has fields that fill their room, without a zero at the end", () => {
    const [key, value] = ["k".repeat(512), "v".repeat(2048)];
    expect([...parseKvpPool(kvpPool({ [key]: value }))]).to.deep.equal([[key, value]]);
  });

  it("leaves out what is no text, has no key, or stands there twice with two values", () => {
    const pool = Buffer.concat([
      kvpRecord(Buffer.from([0xff, 0xfe]), "x"),
      kvpRecord("bad", Buffer.from([0xc3])),
      kvpRecord("line", "a\nb"),
      kvpRecord("", "x"),
      kvpRecord("same", "1"),
      kvpRecord("two", "1"),
      kvpRecord("same", "1"),
      kvpRecord("two", "2"),
      kvpRecord("two", "1"),
      kvpRecord("good", "yes"),
      kvpRecord("cut", "off").subarray(0, 600),
    ]);
    expect([...parseKvpPool(pool)]).to.deep.equal([
      ["same", "1"],
      ["good", "yes"],
    ]);
  });

  it("is empty where there is none", async () => {
    expect(await readKvpPool(0, { ...systemRoots, hyperv: path("absent") })).to.deep.equal(new Map());
  });

  it("is read again while the daemon writes it, and refused when it stays half written", async () => {
    const whole = kvpPool({ VirtualMachineId: "a", VirtualMachineName: "b" });
    await write(whole.subarray(0, 3000));
    const reading = read();
    await setTimeout(30);
    await appendFile(path("hyperv", ".kvp_pool_3"), whole.subarray(3000));
    expect(await reading).to.deep.equal(
      new Map([
        ["VirtualMachineId", "a"],
        ["VirtualMachineName", "b"],
      ]),
    );
    await write(whole.subarray(0, 3000));
    await refused(read(), "UNAVAILABLE", "half written");
  });

  it("is read again while it has nothing: the daemon cuts it before it writes", async () => {
    await write(Buffer.alloc(0));
    const reading = read();
    await setTimeout(30);
    await write(kvpPool({ VirtualMachineId: "a" }));
    expect(await reading).to.deep.equal(new Map([["VirtualMachineId", "a"]]));
    await write(Buffer.alloc(0));
    expect(await read()).to.deep.equal(new Map());
  });

  it("is not read when it is far too long, or no file", async () => {
    await write(Buffer.alloc(2560 * 4097));
    await refused(read(), "UNAVAILABLE", "no KVP pool");
    await mkdir(path("hyperv", ".kvp_pool_0"));
    const work = readKvpPool(0, { ...systemRoots, hyperv: path("hyperv") });
    await refused(work, "UNAVAILABLE", "no KVP pool");
  });
});

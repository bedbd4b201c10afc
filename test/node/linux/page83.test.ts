import { randomUUID } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { naaNames, namesOfDisk } from "../../../src/node/linux/page83.ts";
import { scsiPage83 } from "../../../src/vhdx/index.ts";
import { descriptor, GuestTree, page83 } from "../../support/guest-tree.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const NAME = scsiPage83("fc9506ef-4937-4123-a68e-0b1f60261042");
const CONTROLLER = "f8b3781a-1e82-4818-a1c3-63d806ec15bb";

describe("the names in VPD page 0x83", () => {
  const withBody = (body: Buffer, length = body.length) => {
    const header = Buffer.from([0, 0x83, 0, 0]);
    header.writeUInt16BE(length, 2);
    return Buffer.concat([header, body]);
  };

  it("are the NAA names of the unit, beside whatever else it has", () => {
    expect(naaNames(page83(NAME))).to.deep.equal([NAME]);
    expect(naaNames(page83("6002248099999999aaaaaaaabbbbbbbb"))).to.deep.equal([
      "6002248099999999aaaaaaaabbbbbbbb",
    ]);
  });

  it("are not those of the port or the target, nor names that are text or of another kind", () => {
    const name = Buffer.from(NAME, "hex");
    const others = [
      descriptor(1, 0x13, name),
      descriptor(1, 0x23, name),
      descriptor(2, 3, name),
      descriptor(1, 2, name),
    ];
    for (const other of others) expect(naaNames(withBody(other))).to.deep.equal([]);
    expect(naaNames(withBody(Buffer.concat([...others, descriptor(1, 3, name)])))).to.deep.equal([NAME]);
  });

  it("are none where the page is cut off anywhere, is another page, or is longer than it says it can be", () => {
    const whole = page83(NAME);
    for (let length = 0; length < whole.length; length++) {
      expect(naaNames(whole.subarray(0, length)), String(length)).to.deep.equal([]);
    }
    expect(naaNames(Buffer.concat([Buffer.from([0, 0x80]), whole.subarray(2)]))).to.deep.equal([]);
    const long = descriptor(1, 3, Buffer.from(NAME, "hex"));
    long[3] = 17;
    expect(naaNames(withBody(long))).to.deep.equal([]);
    expect(
      naaNames(withBody(Buffer.concat([descriptor(1, 3, Buffer.from(NAME, "hex")), Buffer.from([1, 3])]))),
    ).to.deep.equal([]);
  });

  it("are found wherever they stand among descriptors of any kind, and bytes behind the page don't count", () => {
    const any = fc.record({
      codeSet: fc.integer({ min: 0, max: 255 }),
      kind: fc.integer({ min: 0, max: 255 }),
      name: fc.uint8Array({ maxLength: 64 }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 12 }), fc.uint8Array({ maxLength: 40 }), (list, behind) => {
        const body = Buffer.concat(
          list.map((each) => descriptor(each.codeSet, each.kind, Buffer.from(each.name))),
        );
        const expected = list
          .filter(({ codeSet, kind }) => (codeSet & 15) === 1 && (kind & 0x3f) === 3)
          .map(({ name }) => Buffer.from(name).toString("hex"));
        expect(naaNames(Buffer.concat([withBody(body), behind]))).to.deep.equal(expected);
      }),
    );
  });

  it("never come from outside the page, whatever its bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const page = withBody(Buffer.from(bytes.subarray(2)), ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0));
        const hex = page.toString("hex");
        for (const name of [...naaNames(page), ...naaNames(Buffer.from(bytes))]) {
          expect(hex + Buffer.from(bytes).toString("hex")).to.include(name);
        }
      }),
    );
  });
});

describe("the names of a SCSI disk", () => {
  const path = temporaryDirectory();
  const volumeId = randomUUID();
  const at = { host: 0, lun: 1 };

  async function disk(what: object) {
    const tree = await new GuestTree(path(randomUUID())).make();
    await tree.onVmbus(CONTROLLER, "scsi", 0);
    await tree.plug({ name: "sdb", at, volumeId, ...what });
    return namesOfDisk("sdb", tree.roots);
  }

  it("are those of page 0x83; of a page that is broken none, whatever the kernel chose as its name", async () => {
    expect(await disk({ wwid: "naa.6002248000000000" })).to.deep.equal([scsiPage83(volumeId)]);
    expect(await disk({ page83: Buffer.from([0, 0x83, 0]) })).to.deep.equal([]);
  });

  it("are what the kernel chose where it shows no page", async () => {
    expect(await disk({ page83: null })).to.deep.equal([scsiPage83(volumeId)]);
    expect(await disk({ page83: null, wwid: "NAA.6002248012" })).to.deep.equal(["6002248012"]);
    for (const wwid of ["", "t10.MSFT", `eui.${NAME}`, `naa.${NAME} x`, NAME]) {
      expect(await disk({ page83: null, wwid }), wwid).to.deep.equal([]);
    }
  });

  it("are none for a disk that is not there", () => {
    expect(
      namesOfDisk("sdz", { sys: path("none"), dev: "/dev", proc: "/proc", hyperv: "/none" }),
    ).to.deep.equal([]);
  });
});

import { expect } from "chai";
import fc from "fast-check";
import { decodePublishContext, encodePublishContext } from "../../src/agent-client/disk-address.ts";
import { thrownBy } from "../support/failure.ts";

describe("disk address", () => {
  it("survives the way through a publish context", () => {
    fc.assert(
      fc.property(fc.string(), (backingFile) => {
        const address = { kind: "loop", backingFile } as const;
        expect(decodePublishContext(encodePublishContext(address))).to.deep.equal(address);
      }),
    );
  });

  it("of a SCSI controller survives it, too", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 0, max: 63 }), (controllerId, lun) => {
        const address = { kind: "vmbus", controllerId, lun } as const;
        expect(decodePublishContext(encodePublishContext(address))).to.deep.equal(address);
      }),
    );
  });

  it("is read beside keys of others", () => {
    const context = { addressKind: "loop", backingFile: "/pool/x", "storage.kubernetes.io/other": "1" };
    expect(decodePublishContext(context)).to.deep.equal({ kind: "loop", backingFile: "/pool/x" });
  });

  for (const context of [
    {},
    { addressKind: "loop" },
    { backingFile: "/x" },
    { addressKind: "scsi", backingFile: "/x" },
    { addressKind: "vmbus", controllerId: "../../0", lun: "1" },
    { addressKind: "vmbus", controllerId: "0f9b3c57-2f6e-4c58-8d1b-7d2e4f6a8c90", lun: "64" },
    { addressKind: "vmbus", controllerId: "0f9b3c57-2f6e-4c58-8d1b-7d2e4f6a8c90" },
  ]) {
    it(`is not in ${JSON.stringify(context)}`, () => {
      const error = thrownBy(() => decodePublishContext(context));
      expect(error.code).to.equal("INVALID_ARGUMENT");
      expect(error.message).to.contain("publish_context");
    });
  }
});

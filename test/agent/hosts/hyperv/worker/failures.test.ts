import { expect } from "chai";
import { hasMoved, hypervFailures } from "../../../../../src/agent/hosts/hyperv/worker/failures.ts";
import { failureBehind, failureStatus } from "../../../../../src/kit/worker/failure.ts";

describe("errors of Hyper-V", () => {
  const told = (
    hresult: number,
    fullyQualifiedErrorId = "OperationFailed,X",
    message = "Zugriff verweigert",
  ) =>
    failureStatus(hypervFailures, "attach", {
      hresult,
      fullyQualifiedErrorId,
      category: "NotSpecified",
      message,
    });

  it("are known by their HRESULT, in either sign and any language", () => {
    for (const message of ["Access denied", "Accès refusé", ""]) {
      expect(told(-2147024891, "X", message).code).to.equal("PERMISSION_DENIED");
      expect(told(0x80070005, "X", message).code).to.equal("PERMISSION_DENIED");
    }
    expect(told(0x80070020).code).to.equal("FAILED_PRECONDITION");
    expect(told(0x80070070).code).to.equal("RESOURCE_EXHAUSTED");
    expect(told(0x800700df).code).to.equal("OUT_OF_RANGE");
    expect(told(0x80070002).code).to.equal("NOT_FOUND");
  });

  it("are known by their id where the HRESULT says nothing, and never by their text", () => {
    expect(told(0x80004005, "ObjectNotFound,Microsoft.HyperV").code).to.equal("NOT_FOUND");
    expect(told(0x80004005, "X", "ObjectNotFound").code).to.equal("INTERNAL");
    expect(failureBehind(told(0x80004005))?.isUnknown).to.equal(true);
    expect(failureBehind(told(0x80070020))?.isUnknown).to.equal(false);
  });

  it("tell that a VM has moved", () => {
    expect(hasMoved(failureBehind(told(0x80071398)))).to.equal(true);
    expect(hasMoved(failureBehind(told(0x80004005, "HypervCsi.VmNotHere")))).to.equal(true);
    expect(hasMoved(failureBehind(told(0x80070002)))).to.equal(false);
  });

  it("keep their number, id and text for people", () => {
    expect(told(0x80070020).message).to.include("0x80070020 OperationFailed").and.include("verweigert");
  });
});

import { expect } from "chai";
import { whyNotRun } from "../../scripts/generate/external-storage.ts";
import { merge, resultsIn, type SpecReport } from "../e2e/external-storage/report.ts";
import { readResults } from "../e2e/external-storage/results-file.ts";

const SUITE = "[sig-storage] External Storage [Driver: hyperv.csi.dev]";

function spec(name: string, State: string, Message?: string, LeafNodeType = "It"): SpecReport {
  return {
    ContainerHierarchyTexts: [SUITE, "[Testpattern: Dynamic PV (ext4)] volumes"],
    LeafNodeType,
    LeafNodeText: name,
    State,
    RunTime: 12_300_000_000,
    ...(Message === undefined ? {} : { Failure: { Message } }),
  };
}

const named = (name: string) => `[Driver: hyperv.csi.dev] [Testpattern: Dynamic PV (ext4)] volumes ${name}`;

describe("the results of Kubernetes' own storage tests", () => {
  it("are those of its tests alone, each with what it said", () => {
    const reports = [
      spec("stores", "passed"),
      spec("moves", "failed", "\n  pod is gone\nmore"),
      spec("hangs", "timedout"),
      spec("mounts", "skipped", "has no such thing"),
      spec("with any volume data source", "skipped"),
      spec("waits", "skipped"),
      spec("was cut off", "interrupted", "by the user"),
      spec("", "passed", undefined, "BeforeEach"),
      { ...spec("other", "passed"), ContainerHierarchyTexts: ["[sig-storage] CSI Mock"] },
    ];
    expect(resultsIn(reports, /(?:)/)).to.deep.equal([
      { name: named("hangs"), state: "failed", said: "timedout", seconds: 12 },
      { name: named("mounts"), state: "skipped", said: "has no such thing" },
      { name: named("moves"), state: "failed", said: "pod is gone", seconds: 12 },
      { name: named("stores"), state: "passed", seconds: 12 },
      { name: named("waits"), state: "not reached" },
      { name: named("was cut off"), state: "not reached" },
      { name: named("with any volume data source"), state: "left out" },
    ]);
    expect(resultsIn(reports, /stores/).map(({ name }) => name)).to.deep.equal([named("stores")]);
  });

  it("of a part take the places of earlier ones, and of no others", () => {
    const earlier = resultsIn([spec("a", "failed", "x"), spec("b", "passed"), spec("d", "failed")], /(?:)/);
    const later = resultsIn([spec("a", "passed"), spec("c", "passed"), spec("d", "skipped")], /(?:)/);
    expect(merge(earlier, later).map(({ name, state }) => [name, state])).to.deep.equal([
      [named("a"), "passed"],
      [named("b"), "passed"],
      [named("c"), "passed"],
      [named("d"), "failed"],
    ]);
  });

  it("have a reason for each test that did not run, and a word for each that failed", async () => {
    const { tests } = await readResults();
    expect(tests).to.not.be.empty;
    for (const test of tests) {
      if (test.state === "failed") expect(test.said, test.name).to.be.a("string");
      if (test.state === "skipped" || test.state === "left out")
        expect(whyNotRun(test), `${test.name}: ${test.said ?? ""}`).to.be.a("string");
    }
  });
});

import { expect } from "chai";
import { startTestAgent, testCall, type TestAgent } from "../support/agent.ts";
import { expectFailure } from "../support/failure.ts";
import { fakeVm } from "../support/fake-host.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const MIB = 2 ** 20;
const NO_LIMIT = 2n ** 63n - 1n;
const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const [VM_1, VM_2] = [fakeVm(1), fakeVm(2)];

describe("agent client of a real agent", () => {
  const path = temporaryDirectory();
  let agent: TestAgent;
  before(async () => {
    agent = await startTestAgent(path("pool"));
  });
  after(() => agent.close());
  const make = (name: string) =>
    agent.client.createVolume(name, { size: BigInt(8 * MIB), limit: NO_LIMIT }, testCall());

  it("creates, gets and deletes", async () => {
    const volume = await make("first");
    expect(volume).to.deep.include({ name: "first", size: 8 * MIB });
    expect(await agent.client.getVolume(volume.id, testCall())).to.deep.equal(volume);
    expect(await agent.client.getVolume("first", testCall())).to.deep.equal(volume);
    await agent.client.deleteVolume(volume.id, testCall());
    await agent.client.deleteVolume(volume.id, testCall());
    await expectFailure(agent.client.getVolume(volume.id, testCall()), "NOT_FOUND", /does not exist/);
  });

  it("lists in pages", async () => {
    const ids = (await Promise.all(["a", "b", "c"].map(make))).map(({ id }) => id).sort();
    const first = await agent.client.listVolumes(2, "", testCall());
    const rest = await agent.client.listVolumes(2, first.next_token, testCall());
    const seen = [...first.volumes, ...rest.volumes].map(({ DiskIdentifier }) => DiskIdentifier);
    expect(seen).to.deep.equal(ids);
    expect(rest.next_token).to.equal("");
    await Promise.all(ids.map((id) => agent.client.deleteVolume(id, testCall())));
  });

  it("expands within a range", async () => {
    const { id } = await make("grows");
    const grown = { CapacityBytes: 10 * MIB, NodeExpansionRequired: true };
    const range = [BigInt(9 * MIB), BigInt(10 * MIB)] as const;
    expect(await agent.client.expandVolume(id, ...range, testCall())).to.deep.equal(grown);
    const tight = agent.client.expandVolume(id, BigInt(11 * MIB), BigInt(11 * MIB), testCall());
    await expectFailure(tight, "OUT_OF_RANGE");
  });

  it("attaches, lists attachments and detaches", async () => {
    const { id } = await make("attached");
    const attachment = await agent.client.attach(VM_1.id, id, true, testCall());
    expect(attachment).to.deep.include({ VmId: VM_1.id, VolumeId: id, ReadOnly: true });
    expect(attachment.Address).to.have.property("kind", "loop");
    expect(await agent.client.attachmentsOf(id, testCall())).to.deep.equal([attachment]);
    await expectFailure(agent.client.attach(VM_2.id, id, true, testCall()), "FAILED_PRECONDITION");
    await agent.client.detach(VM_2.id, id, testCall());
    await agent.client.detach(VM_1.id, id, testCall());
    expect(await agent.client.attachmentsOf(id, testCall())).to.deep.equal([]);
  });

  it("tells capacity and VMs", async () => {
    agent.freeBytes = 123_456_789n;
    const capacity = await agent.client.capacity(undefined, testCall());
    agent.freeBytes = undefined;
    expect(capacity.AvailableCapacity).to.be.within(0, 123_456_789);
    expect(capacity).to.include({
      MinimumVolumeSize: 6 * MIB,
      MaximumVolumeSize: capacity.AvailableCapacity,
    });
    const { id: Id, name: Name, path: Path, generation: Generation, state: State } = VM_2;
    expect(await agent.client.getVm(VM_2.id, testCall())).to.deep.equal({
      Id,
      Name,
      Path,
      Generation,
      State,
    });
    await expectFailure(agent.client.getVm(UNKNOWN, testCall()), "NOT_FOUND");
  });

  for (const name of ["größe-卷", "a b", "50%", "%2e%2e", "a+b", "a&size=1", "a#b", ".x"]) {
    it(`carries the name ${JSON.stringify(name)} as it is, or has it refused as it is`, async () => {
      try {
        const volume = await make(name);
        expect(volume.name).to.equal(name);
        expect(await agent.client.getVolume(name, testCall())).to.deep.equal(volume);
      } catch (error) {
        expect(String(error)).to.contain(`volume name ${JSON.stringify(name)}`);
      }
    });
  }

  for (const name of ["", ".", ".."]) {
    it(`rejects ${JSON.stringify(name)}, which would be another path`, async () => {
      await expectFailure(make(name), "INVALID_ARGUMENT");
      await expectFailure(agent.client.getVolume(name, testCall()), "INVALID_ARGUMENT");
      await expectFailure(agent.client.deleteVolume(name, testCall()), "INVALID_ARGUMENT");
      await expectFailure(agent.client.detach(name, UNKNOWN, testCall()), "INVALID_ARGUMENT");
      await expectFailure(agent.client.attach(VM_1.id, name, false, testCall()), "INVALID_ARGUMENT");
      await expectFailure(agent.client.getVm(name, testCall()), "INVALID_ARGUMENT");
    });
  }

  it("asks for many things at a time", async () => {
    const volumes = await Promise.all(Array.from({ length: 150 }, (_, index) => make(`many-${index % 50}`)));
    expect(new Set(volumes.map(({ id }) => id)).size).to.equal(50);
  });
});

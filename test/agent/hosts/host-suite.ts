import { randomBytes } from "node:crypto";
import { expect } from "chai";
import type { Attachment, DiskFile, Host } from "../../../src/agent/hosts/host.ts";
import { StatusError } from "../../../src/kit/errors.ts";
import { MiB } from "../../../src/kit/sizes.ts";
import { refused } from "../../support/refused.ts";

/** A host and the guests that its tests look through. */
export interface HostRig {
  readonly host: Host;
  readonly vmIds: readonly [string, string];
  /** False where the host can only attach writable. */
  readonly attachesReadOnly: boolean;
  /** A disk of the host's default type that no VM has. */
  newDisk(size: bigint): Promise<DiskFile>;
  /** What the VM of an attachment does with its disk. */
  readonly guest: {
    read(attachment: Attachment, offset: number, length: number): Promise<Buffer>;
    write(attachment: Attachment, offset: number, bytes: Uint8Array): Promise<void>;
    size(attachment: Attachment): Promise<bigint>;
    /** Uses the disk until the returned function ends that. */
    hold(attachment: Attachment): Promise<() => Promise<void>>;
  };
}

const SIZE = 8n * MiB;
const signal = () => AbortSignal.timeout(60_000);

/** What every host adapter promises, as far as its manifest says that it can. */
export function hostSuite(rig: HostRig): void {
  async function attached(readOnly = false): Promise<{ disk: DiskFile; attachment: Attachment }> {
    const disk = await rig.newDisk(SIZE);
    return { disk, attachment: await rig.host.attach(disk, rig.vmIds[0], readOnly, signal()) };
  }

  it("has a manifest with a disk type and at least one slot", () => {
    expect(rig.host.manifest.diskTypes).not.to.be.empty;
    expect(rig.host.manifest.slotsPerVm).to.be.at.least(1);
  });

  it("lists its VMs, and finds each by its id and no other", async () => {
    const vms = await rig.host.listVms();
    expect(vms.map(({ id }) => id)).to.include.members([...rig.vmIds]);
    for (const vm of vms) expect(await rig.host.getVm(vm.id)).to.deep.equal(vm);
    expect(await rig.host.getVm("00000000-0000-4000-8000-000000000000")).to.equal(undefined);
    expect(await rig.host.getVm("")).to.equal(undefined);
  });

  it("reports an attachment, in all lists alike", async () => {
    const { disk, attachment } = await attached();
    expect(attachment).to.deep.include({ volumeId: disk.volumeId, vmId: rig.vmIds[0], readOnly: false });
    expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([attachment]);
    const all = await rig.host.listAttachments();
    expect(all.filter(({ volumeId }) => volumeId === disk.volumeId)).to.deep.equal([attachment]);
  });

  it("leaves a VM that runs its disk when it was to be off", async () => {
    const { attachment } = await attached();
    expect((await rig.host.getVm(attachment.vmId))?.state).to.equal("running");
    await refused(rig.host.detach(attachment, signal(), true), "FAILED_PRECONDITION", attachment.vmId);
    expect(await rig.host.attachmentsOf(attachment.volumeId)).to.deep.equal([attachment]);
    await rig.host.detach(attachment, signal());
    // What is detached is so, whatever the VM does.
    await rig.host.detach(attachment, signal(), true);
  });

  it("shows the guest exactly the volume's bytes", async () => {
    const { attachment } = await attached();
    expect(await rig.guest.size(attachment)).to.equal(SIZE);
    const bytes = await rig.guest.read(attachment, 0, Number(SIZE));
    expect(bytes.every((byte) => byte === 0)).to.equal(true);
  });

  it("keeps what the guest wrote over a detach and an attach to another VM", async () => {
    const { disk, attachment } = await attached();
    const bytes = randomBytes(64 * 1024);
    const last = Number(SIZE) - bytes.length;
    await rig.guest.write(attachment, 0, bytes);
    await rig.guest.write(attachment, last, bytes);
    await rig.host.detach(attachment, signal());

    const again = await rig.host.attach(disk, rig.vmIds[1], false, signal());
    expect(again.vmId).to.equal(rig.vmIds[1]);
    expect((await rig.guest.read(again, 0, bytes.length)).equals(bytes)).to.equal(true);
    expect((await rig.guest.read(again, last, bytes.length)).equals(bytes)).to.equal(true);
  });

  it("keeps two disks of one VM apart", async () => {
    const [one, two] = [await attached(), await attached()];
    await rig.guest.write(one.attachment, 0, Buffer.alloc(4096, 1));
    await rig.guest.write(two.attachment, 0, Buffer.alloc(4096, 2));
    expect((await rig.guest.read(one.attachment, 0, 4096)).every((byte) => byte === 1)).to.equal(true);
    expect((await rig.guest.read(two.attachment, 0, 4096)).every((byte) => byte === 2)).to.equal(true);
  });

  it("attaches read-only: the guest can read and not write; or refuses it", async () => {
    if (!rig.attachesReadOnly) {
      const disk = await rig.newDisk(SIZE);
      const attaching = rig.host.attach(disk, rig.vmIds[0], true, signal());
      await refused(attaching, "FAILED_PRECONDITION", "writable");
      expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([]);
      return;
    }
    const { disk, attachment } = await attached(true);
    expect(attachment.readOnly).to.equal(true);
    expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([attachment]);
    const error = await rig.guest
      .write(attachment, 0, Buffer.alloc(512, 1))
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Error);
    expect(await rig.guest.read(attachment, 0, 512)).to.deep.equal(Buffer.alloc(512));
  });

  it("attaches once, however often it is asked", async () => {
    const { disk, attachment } = await attached();
    expect(await rig.host.attach(disk, rig.vmIds[0], false, signal())).to.deep.equal(attachment);
    expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([attachment]);
  });

  it("waits for what goes before an attachment, and only when there is one to make", async () => {
    const disk = await rig.newDisk(SIZE);
    let prepared = 0;
    const settings = {
      attributes: {},
      before: async () => {
        expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([]);
        prepared++;
        if (prepared === 1) throw new StatusError("UNAVAILABLE", "not prepared");
      },
    };
    const attach = () => rig.host.attach(disk, rig.vmIds[0], false, signal(), settings);
    await refused(attach(), "UNAVAILABLE", "not prepared");
    expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([]);
    const attachment = await attach();
    expect(await attach()).to.deep.equal(attachment);
    expect(prepared).to.equal(2);
  });

  it("refuses a VM that there is not, a second VM, and another access", async () => {
    const { disk } = await attached();
    const attach = (vmId: string, readOnly: boolean) => rig.host.attach(disk, vmId, readOnly, signal());
    await refused(attach("00000000-0000-4000-8000-000000000000", false), "NOT_FOUND", "VM");
    await refused(attach(rig.vmIds[1], false), "FAILED_PRECONDITION", rig.vmIds[0]);
    await refused(attach(rig.vmIds[0], true), "ALREADY_EXISTS", "writable");
    expect(await rig.host.attachmentsOf(disk.volumeId)).to.have.length(1);
  });

  it("detaches, and a second time finds nothing to do", async () => {
    const { disk, attachment } = await attached();
    await rig.host.detach(attachment, signal());
    expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([]);
    expect((await rig.host.listAttachments()).map(({ volumeId }) => volumeId)).not.to.include(disk.volumeId);
    await rig.host.detach(attachment, signal());
  });

  it("refuses to detach a disk in use, which stays usable, and detaches it afterwards", async function () {
    if (!rig.host.manifest.keepsDisksInUse) {
      console.log("      skipped: this host takes a disk out whether the guest uses it or not");
      this.skip();
    }
    const { disk, attachment } = await attached();
    const letGo = await rig.guest.hold(attachment);
    try {
      await refused(rig.host.detach(attachment, signal()), "FAILED_PRECONDITION", "in use");
      expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([attachment]);
      expect(await rig.guest.size(attachment)).to.equal(SIZE);
    } finally {
      await letGo();
    }
    await rig.host.detach(attachment, signal());
    expect(await rig.host.attachmentsOf(disk.volumeId)).to.deep.equal([]);
  });

  it("grows a disk in use: the same bytes, zeros behind them, and again without harm", async function () {
    if (!rig.host.manifest.onlineExpand) this.skip();
    const { disk, attachment } = await attached();
    const bytes = randomBytes(4096);
    await rig.guest.write(attachment, Number(SIZE) - bytes.length, bytes);
    const letGo = await rig.guest.hold(attachment);
    try {
      for (const size of [SIZE + 4n * MiB, SIZE + 4n * MiB, SIZE + 6n * MiB]) {
        expect(await rig.host.growAttached(disk, attachment, size, signal())).to.equal(size);
        expect(await rig.guest.size(attachment)).to.equal(size);
      }
    } finally {
      await letGo();
    }
    const tail = await rig.guest.read(
      attachment,
      Number(SIZE) - bytes.length,
      bytes.length + 6 * 1024 * 1024,
    );
    expect(tail.subarray(0, bytes.length).equals(bytes)).to.equal(true);
    expect(tail.subarray(bytes.length).every((byte) => byte === 0)).to.equal(true);
    await rig.guest.write(attachment, Number(SIZE + 6n * MiB) - bytes.length, bytes);
  });

  it("doesn't grow a disk that was detached meanwhile", async function () {
    if (!rig.host.manifest.onlineExpand) this.skip();
    const { disk, attachment } = await attached();
    await rig.host.detach(attachment, signal());
    await refused(rig.host.growAttached(disk, attachment, SIZE * 2n, signal()), "ABORTED", "detached");
  });
}

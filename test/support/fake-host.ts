import { noSuchVm, presentAttachment, requireOff, requireSlot } from "../../src/agent/hosts/attach-rules.ts";
import type {
  Attachment,
  AttachmentCheck,
  AttachSettings,
  DiskFile,
  DiskReader,
  Host,
  HostManifest,
  Leftover,
  Vm,
} from "../../src/agent/hosts/host.ts";
import { StatusError } from "../../src/kit/errors.ts";
import { growFixed, readIdentity } from "../../src/vhdx/index.ts";

/** A VM that a fake host knows; `digit` makes its id. */
export function fakeVm(digit: number): Vm {
  const id = `0000000${digit}-aaaa-4bbb-8ccc-0123456789ab`;
  return { id, name: `vm-${digit}`, state: "running", generation: 2, path: `C:\\VMs\\vm-${digit}` };
}

/** A host whose attachments are a list in memory: what the agent's rules see of a real one. */
export class FakeHost implements Host {
  readonly manifest: HostManifest = {
    name: "fake",
    diskTypes: ["fixed"],
    slotsPerVm: 4,
    onlineExpand: true,
    copyInUse: false,
    copyInUseAcrossPools: false,
    keepsDisksInUse: true,
    mutableAttributes: { maximumIops: (value) => /^\d+$/.test(value) },
    refuseContradictions: () => undefined,
  };
  readonly vms: readonly Vm[];
  attachments: Attachment[] = [];
  /** Ids of volumes that something in their VM uses. */
  readonly inUse = new Set<string>();
  /** Attributes that were last brought into force, by volume. */
  readonly applied = new Map<string, Readonly<Record<string, string>>>();
  /** What is wrong with every attachment. */
  lost: string | undefined = undefined;
  /** Resolves when an attach may go on. */
  gate: Promise<void> = Promise.resolve();

  constructor(vms: readonly Vm[] = [fakeVm(1), fakeVm(2)]) {
    this.vms = vms;
  }

  openPool(): Promise<void> {
    return Promise.resolve();
  }

  diskReader(): DiskReader {
    return ({ path }) => readIdentity(path);
  }

  copyInUse(): Promise<void> {
    return Promise.reject(new StatusError("UNIMPLEMENTED", "a fake host can't copy disks in use"));
  }

  attachmentCheck(): AttachmentCheck {
    return () => Promise.resolve(this.lost);
  }

  leftovers(): Promise<Leftover[]> {
    return Promise.resolve([]);
  }

  listVms(): Promise<Vm[]> {
    return Promise.resolve([...this.vms]);
  }

  getVm(id: string): Promise<Vm | undefined> {
    return Promise.resolve(this.vms.find((vm) => vm.id === id));
  }

  listAttachments(): Promise<Attachment[]> {
    return Promise.resolve([...this.attachments]);
  }

  attachmentsOf(volumeId: string): Promise<Attachment[]> {
    return Promise.resolve(this.attachments.filter((each) => each.volumeId === volumeId));
  }

  async attach(
    disk: DiskFile,
    vmId: string,
    readOnly: boolean,
    _signal?: AbortSignal,
    settings?: AttachSettings,
  ): Promise<Attachment> {
    if (!this.vms.some(({ id }) => id === vmId)) noSuchVm(vmId);
    const present = presentAttachment(await this.attachmentsOf(disk.volumeId), vmId, readOnly);
    if (present !== undefined) return present;
    const used = this.attachments.filter((each) => each.vmId === vmId).length;
    requireSlot(vmId, used, this.manifest.slotsPerVm);
    await settings?.before();
    await this.gate;
    const address = { kind: "loop", backingFile: disk.path } as const;
    const attachment = { volumeId: disk.volumeId, vmId, readOnly, address };
    this.attachments.push(attachment);
    return attachment;
  }

  async detach(
    { volumeId, vmId }: Pick<Attachment, "volumeId" | "vmId">,
    _signal?: AbortSignal,
    onlyWhenOff = false,
  ): Promise<void> {
    const there = (await this.attachmentsOf(volumeId)).some((each) => each.vmId === vmId);
    if (there && onlyWhenOff) requireOff(vmId, (await this.getVm(vmId))?.state === "off");
    if (there && this.inUse.has(volumeId)) {
      throw new StatusError("FAILED_PRECONDITION", `volume ${volumeId} is in use in its VM`);
    }
    this.attachments = this.attachments.filter((each) => each.volumeId !== volumeId || each.vmId !== vmId);
  }

  async growAttached(disk: DiskFile, _attachment: Attachment, size: bigint): Promise<bigint> {
    await growFixed(disk.path, size);
    return size;
  }

  applyAttributes(volumeId: string, attributes: Readonly<Record<string, string>>): Promise<void> {
    this.applied.set(volumeId, attributes);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  forget(): Promise<void> {
    return Promise.resolve();
  }
}

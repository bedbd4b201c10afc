import { mkdir, readdir, readFile, readlink, rm, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { scsiPage83 } from "../../src/vhdx/index.ts";
import { run } from "../../src/kit/run.ts";
import type { Roots } from "../../src/node/linux/this-vm.ts";

/** Where a disk is plugged in: the number of the SCSI host that the guest's kernel gave its controller, and the unit. */
export interface Place {
  readonly host: number;
  readonly lun: number;
}

export interface TreeDisk {
  /** `sdb`, `sr0` */
  readonly name: string;
  readonly at: Place;
  /** Names itself on page 0x83 as the disk of this volume. */
  readonly volumeId?: string;
  /** Page 0x83 as it is read; null where the kernel shows none. */
  readonly page83?: Buffer | null;
  readonly wwid?: string;
  readonly sectors?: bigint;
  readonly state?: string;
  /** A device that does the disk's work, such as a loop device. */
  readonly through?: string;
  readonly partitions?: number;
  /** The name that the host's disk has now, where the kernel still remembers another one's. */
  readonly serves?: string;
}

const VMBUS = "devices/LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/MSFT1000:00";
const GIB_IN_SECTORS = 2097152n;
const CLASSES = {
  scsi: "{ba6163d9-04a1-4d29-b605-72e2ffb1dc7f}",
  ide: "{32412632-86cb-44a2-9b5c-50d1417354f5}",
  network: "{f8615163-df3e-46c5-913f-f2d2f965ed0e}",
};

/**
 * The trees of a Linux guest on Hyper-V under a directory of a test: the files and links that were seen in real guests,
 * as far as the node plugin looks at them.
 */
export class GuestTree {
  readonly roots: Roots;
  readonly #controllers = new Map<number, string>();
  #numbers = 0;
  #plugged = 0;

  constructor(directory: string) {
    const at = (name: string) => join(directory, name);
    this.roots = { sys: at("sys"), dev: at("dev"), proc: "/proc", hyperv: at("hyperv") };
  }

  async make(): Promise<this> {
    const { sys, dev, hyperv } = this.roots;
    const folders = ["bus/vmbus/devices", "bus/scsi/devices", "block", "class/block", "class/scsi_host"];
    for (const folder of [...folders, "dev/block"]) await mkdir(join(sys, folder), { recursive: true });
    await mkdir(dev, { recursive: true });
    await mkdir(hyperv, { recursive: true });
    return this;
  }

  /** A device on the VMBus; a controller has a SCSI host. */
  async onVmbus(id: string, kind: keyof typeof CLASSES, host?: number): Promise<void> {
    const directory = join(this.roots.sys, VMBUS, id);
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "class_id"), `${CLASSES[kind]}\n`);
    await writeFile(join(directory, "device_id"), `{${id}}\n`);
    await this.#link(directory, `bus/vmbus/devices/${id}`);
    if (host === undefined) return;
    const scsiHost = join(directory, `host${host}`, "scsi_host", `host${host}`);
    await mkdir(scsiHost, { recursive: true });
    await writeFile(join(scsiHost, "scan"), "");
    await writeFile(join(scsiHost, "state"), "running\n");
    await this.#link(scsiHost, `class/scsi_host/host${host}`);
    await this.#link(join(directory, `host${host}`), `bus/scsi/devices/host${host}`);
    this.#controllers.set(host, directory);
  }

  /** Plugs a disk in. */
  async plug(disk: TreeDisk): Promise<void> {
    const device = this.#deviceDirectory(disk.at);
    const block = join(device, "block", disk.name);
    for (const folder of ["holders", "slaves"]) await mkdir(join(block, folder), { recursive: true });
    await writeFile(join(device, "type"), disk.name.startsWith("sr") ? "5\n" : "0\n");
    await writeFile(join(device, "state"), `${disk.state ?? "running"}\n`);
    for (const file of ["delete", "rescan"]) await writeFile(join(device, file), "");
    // The kernel has asked the disk for more than it knows.
    await writeFile(join(device, "ioerr_cnt"), "0x3\n");
    await this.#identify(device, disk);
    await symlink(relative(block, device), join(block, "device"));
    await writeFile(join(block, "size"), `${disk.sectors ?? GIB_IN_SECTORS}\n`);
    await writeFile(join(block, "ro"), "0\n");
    await writeFile(join(block, "diskseq"), `${++this.#plugged}\n`);
    await this.#link(device, `bus/scsi/devices/${addressOf(disk.at)}`);
    await this.#link(block, `block/${disk.name}`);
    await this.#number(block, disk.through);
    for (let i = 1; i <= (disk.partitions ?? 0); i++) {
      const partition = join(block, `${disk.name}${i}`);
      await mkdir(partition);
      await writeFile(join(partition, "partition"), `${i}\n`);
      await writeFile(join(partition, "size"), "2048\n");
      await this.#number(partition, undefined);
    }
  }

  /** Pulls a disk out; the node in `/dev` stays, as it does for a moment in a guest. */
  async pull(at: Place, name: string): Promise<void> {
    const device = this.#deviceDirectory(at);
    for (const link of [`block/${name}`, `class/block/${name}`, `bus/scsi/devices/${addressOf(at)}`]) {
      await rm(join(this.roots.sys, link), { force: true });
    }
    // Its number may be that of anybody's device from now on: a loop device that is free is taken again.
    const numbers = join(this.roots.sys, "dev", "block");
    for (const number of await readdir(numbers)) {
      const target = resolve(numbers, await readlink(join(numbers, number)));
      if (target.startsWith(device + sep)) await rm(join(numbers, number));
    }
    await rm(device, { recursive: true });
  }

  /** Commands of a disk fail, as the kernel counts them. */
  async fail(name: string, commands: bigint): Promise<void> {
    const count = join(this.roots.sys, "block", name, "device", "ioerr_cnt");
    const before = BigInt((await readFile(count, "utf8")).trim());
    await writeFile(count, `0x${(before + commands).toString(16)}\n`);
  }

  /** A device mapper over disks, as LUKS and multipath make them. */
  async mapper(name: string, over: readonly string[], uuid: string): Promise<void> {
    const block = join(this.roots.sys, "devices", "virtual", "block", name);
    for (const folder of ["holders", "slaves", "dm"]) await mkdir(join(block, folder), { recursive: true });
    await writeFile(join(block, "dm", "uuid"), `${uuid}\n`);
    await writeFile(join(block, "size"), `${GIB_IN_SECTORS}\n`);
    await this.#link(block, `block/${name}`);
    await this.#number(block, undefined);
    for (const disk of over) {
      await symlink(join(this.roots.sys, "block", disk), join(block, "slaves", disk));
      await symlink(block, join(this.roots.sys, "block", disk, "holders", name));
    }
  }

  async #identify(device: string, disk: TreeDisk): Promise<void> {
    const own = disk.volumeId === undefined ? undefined : page83(scsiPage83(disk.volumeId));
    const page = disk.page83 === undefined ? own : (disk.page83 ?? undefined);
    if (page !== undefined) await writeFile(join(device, "vpd_pg83"), page);
    const named = disk.volumeId === undefined ? undefined : `naa.${scsiPage83(disk.volumeId)}`;
    const wwid = disk.wwid ?? named;
    if (wwid !== undefined) await writeFile(join(device, "wwid"), `${wwid}\n`);
  }

  /** Gives a device its number: that of the device that works for it, else one of its own. */
  async #number(block: string, through: string | undefined): Promise<void> {
    const name = basename(block);
    const [major, minor] = through === undefined ? [8, this.#numbers++] : await numberOf(through);
    await writeFile(join(block, "dev"), `${major}:${minor}\n`);
    await this.#link(block, `class/block/${name}`);
    await this.#link(block, `dev/block/${major}:${minor}`);
    if (through === undefined) return;
    await rm(join(this.roots.dev, name), { force: true });
    await run("mknod", [join(this.roots.dev, name), "b", String(major), String(minor)]);
  }

  #deviceDirectory(at: Place): string {
    const controller = this.#controllers.get(at.host);
    if (controller === undefined) throw new Error(`no controller has host${at.host}`);
    return join(controller, `host${at.host}`, `target${at.host}:0:0`, addressOf(at));
  }

  async #link(target: string, name: string): Promise<void> {
    const link = join(this.roots.sys, name);
    await unlink(link).catch(() => undefined);
    await symlink(relative(dirname(link), target), link);
  }
}

/** Page 0x83 as Hyper-V gives it: the name by the vendor, and the NAA name of the disk. */
export function page83(naa: string): Buffer {
  const vendor = Buffer.concat([Buffer.from("MSFT    "), Buffer.from(naa.slice(8), "hex")]);
  const descriptors = Buffer.concat([descriptor(1, 1, vendor), descriptor(1, 3, Buffer.from(naa, "hex"))]);
  const header = Buffer.from([0, 0x83, 0, 0]);
  header.writeUInt16BE(descriptors.length, 2);
  return Buffer.concat([header, descriptors]);
}

export function descriptor(codeSet: number, kind: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from([codeSet, kind, 0, name.length]), name]);
}

function addressOf({ host, lun }: Place): string {
  return `${host}:0:0:${lun}`;
}

async function numberOf(device: string): Promise<[number, number]> {
  const { rdev } = await stat(device);
  return [rdev >> 8, rdev & 0xff];
}

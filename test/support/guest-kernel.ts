import { readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { thisVm, type ThisVm } from "../../src/node/linux/this-vm.ts";
import { run } from "../../src/kit/run.ts";
import { page83, type GuestTree, type Place, type TreeDisk } from "./guest-tree.ts";

/**
 * The kernel of a guest as the node plugin meets it: it acts on what is written into the attributes of a tree. What the
 * host has plugged in is seen after a scan, and what the host changed after a rescan.
 */
export class GuestKernel {
  readonly tree: GuestTree;
  /** Everything that was written, such as `0:0:0:1/rescan=1`. */
  readonly told: string[] = [];
  readonly #onHost = new Map<string, TreeDisk>();

  constructor(tree: GuestTree) {
    this.tree = tree;
  }

  vm(id: string): ThisVm {
    return { ...thisVm(id, this.tree.roots), tell: (attribute, value) => this.#tell(attribute, value) };
  }

  /** Plugs a disk in on the host; the guest sees it when it looks. */
  plugUnseen(disk: TreeDisk): void {
    this.#onHost.set(unitOf(disk.at), disk);
  }

  async plug(disk: TreeDisk): Promise<void> {
    this.plugUnseen(disk);
    await this.tree.plug(disk);
  }

  async pull(disk: TreeDisk): Promise<void> {
    if (this.#onHost.delete(unitOf(disk.at))) await this.tree.pull(disk.at, disk.name);
  }

  async #tell(attribute: string, value: string): Promise<void> {
    await writeFile(attribute, value, { flag: "r+" });
    const what = basename(attribute);
    // Of a disk by its name in /sys/block, or of a SCSI host.
    const name = basename(what === "scan" ? dirname(attribute) : dirname(dirname(attribute)));
    this.told.push(`${name}/${what}=${value}`);
    if (what === "scan") await this.#scan(name, value);
    if (what === "delete") await this.#delete(name);
    if (what === "rescan") await this.#rescan(name);
  }

  async #scan(host: string, value: string): Promise<void> {
    const lun = /^0 0 (\d+)$/.exec(value)?.[1];
    if (lun === undefined) throw new Error(`the tests know no scan of ${value}`);
    const disk = this.#onHost.get(`${host.slice("host".length)}:0:0:${lun}`);
    if (disk !== undefined) await this.tree.plug(disk);
  }

  async #delete(name: string): Promise<void> {
    const disk = this.#named(name);
    if (disk !== undefined) await this.tree.pull(disk.at, name);
  }

  async #rescan(name: string): Promise<void> {
    const disk = this.#named(name);
    const block = join(this.tree.roots.sys, "block", name);
    // It asks for more than the disk knows, which counts as failed.
    await this.tree.fail(name, 2n);
    if (disk?.through !== undefined) {
      await run("losetup", ["--set-capacity", disk.through]);
      await writeFile(join(block, "size"), await readFile(`/sys/class/block/${basename(disk.through)}/size`));
    }
    if (disk?.serves !== undefined) await writeFile(join(block, "device", "vpd_pg83"), page83(disk.serves));
  }

  #named(name: string): TreeDisk | undefined {
    return [...this.#onHost.values()].find((disk) => disk.name === name);
  }
}

function unitOf({ host, lun }: Place): string {
  return `${host}:0:0:${lun}`;
}

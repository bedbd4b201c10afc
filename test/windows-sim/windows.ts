import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { VmbusAddress } from "../../src/agent-client/disk-address.ts";
import type { WorkerCommand } from "../../src/kit/worker/process.ts";
import { JsonStore } from "../support/json-store.ts";
import { markNoLetter, withoutLetter } from "./letters.ts";
import type { SimDisk, SimWindowsState, WindowsFault } from "./model.ts";
import { guidsOf } from "./operations.ts";
import { newDisk, type Plugged } from "./plugging.ts";
import { scsiPage83 } from "../../src/vhdx/index.ts";
import { unmountAll } from "./volumes.ts";

/** A Windows with Hyper-V's SCSI controllers, of which a directory is all there is. */
export class SimulatedWindows {
  readonly directory: string;
  readonly #store: JsonStore<SimWindowsState>;

  constructor(directory: string) {
    this.directory = directory;
    this.#store = new JsonStore(directory);
  }

  /** @param hyperv the simulated Hyper-V and its VM whose drives are the disks; without one they are plugged in here */
  async make(
    controllers: readonly string[] = [randomUUID(), randomUUID()],
    hyperv: SimWindowsState["hyperv"] = null,
    external: Readonly<Record<string, string>> = {},
  ): Promise<this> {
    await mkdir(this.directory, { recursive: true });
    await this.#store.write({
      ...{ controllers, hyperv, external, disks: [], shown: {}, letters: {}, volumeHealth: {}, faults: [] },
      parameters: { VirtualMachineId: (hyperv?.vmId ?? randomUUID()).toUpperCase(), HostName: "hv-1" },
    });
    return this;
  }

  /** A worker; a bundle of main.ts starts faster. */
  worker(program = join(import.meta.dirname, "main.ts")): WorkerCommand {
    return { program: process.execPath, args: [program, this.directory] };
  }

  state(): Promise<SimWindowsState> {
    return this.#store.read();
  }

  change(change: (state: SimWindowsState) => SimWindowsState): Promise<SimWindowsState> {
    return this.#store.change(change);
  }

  /** Plugs a disk in, and tells where it is. */
  async plug(disk: Plugged): Promise<VmbusAddress> {
    await this.#store.change(async (state) => ({
      ...state,
      disks: [...state.disks, await newDisk(state, disk)],
    }));
    return { kind: "vmbus", controllerId: disk.controllerId, lun: disk.lun };
  }

  /** Takes a disk away, used or not. */
  async pull(volumeId: string): Promise<void> {
    const disk = await this.disk(volumeId);
    await unmountAll(this.directory, await guidsOf(disk));
    await this.#store.change((state) => ({
      ...state,
      disks: state.disks.filter(({ number }) => number !== disk.number),
    }));
  }

  async disk(volumeId: string): Promise<SimDisk> {
    const name = scsiPage83(volumeId).toUpperCase();
    const disk = (await this.state()).disks.find(({ uniqueId }) => uniqueId === name);
    if (disk === undefined) throw new Error(`volume ${volumeId} is not plugged in`);
    return disk;
  }

  /** Changes what Windows thinks of a disk. */
  async mark(volumeId: string, change: Partial<SimDisk>): Promise<void> {
    const { number } = await this.disk(volumeId);
    await this.#store.change((state) => ({
      ...state,
      disks: state.disks.map((each) => (each.number === number ? { ...each, ...change } : each)),
    }));
  }

  /** Takes the mark away by which partitions get no letter, as when they were made elsewhere, or their making was cut off. */
  async unmarkPartitions(volumeId: string): Promise<void> {
    await markNoLetter(await this.disk(volumeId), () => true, false);
  }

  /** Gives the volume's partition a drive letter such as `X:\`, or takes it away. */
  async letter(volumeId: string, letter: string | undefined): Promise<void> {
    const guid = (await guidsOf(await this.disk(volumeId))).at(-1) ?? "";
    await this.#store.change((state) => {
      const without = withoutLetter(state, guid);
      return letter === undefined ? without : { ...without, letters: { ...without.letters, [guid]: letter } };
    });
  }

  /** Things that go wrong from now on, each once. */
  async fault(...faults: readonly WindowsFault[]): Promise<void> {
    await this.#store.change((state) => ({ ...state, faults: [...state.faults, ...faults] }));
  }
}

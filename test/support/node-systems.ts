import { lstat, realpath } from "node:fs/promises";
import { readMountTable } from "../../src/kit/mount-table.ts";
import { MiB } from "../../src/kit/sizes.ts";
import { nodeRig, type NodeRig } from "./node-rig.ts";
import { windowsRig } from "./windows-rig.ts";

/** A node and what only its system can tell. */
export interface SystemRig {
  readonly node: NodeRig;
  /** What is shown at a path: a text for each mount, equal for the same volume. */
  readonly shownAt: (path: string) => Promise<string[]>;
}

/** A file system, and bytes of a disk that it fits on. */
type Fitting = readonly [fsType: string, size: bigint];

/** Systems that nodes run on, for tests of what the CSI Node service does on any of them. */
export interface NodeSystem {
  readonly name: string;
  /** The default first. */
  readonly fileSystems: readonly [Fitting, Fitting, ...Fitting[]];
  readonly accessTypes: readonly ("mount" | "block")[];
  /** File systems that can be counted on to grow while they are used. */
  readonly growing: readonly string[];
  /** For the tests of one `describe`; it is there when they run. */
  readonly rig: () => { readonly get: SystemRig };
}

export const nodeSystems: readonly NodeSystem[] = [
  {
    name: "Linux",
    fileSystems: [
      ["ext4", 16n * MiB],
      ["xfs", 320n * MiB],
      ["btrfs", 128n * MiB],
    ],
    accessTypes: ["mount", "block"],
    growing: ["xfs", "btrfs"],
    rig: () => ({ get: { node: nodeRig(), shownAt: mountsAt } }),
  },
  {
    name: "Windows",
    fileSystems: [
      ["ntfs", 64n * MiB],
      ["refs", 64n * MiB],
    ],
    accessTypes: ["mount"],
    growing: ["ntfs", "refs"],
    rig: () => {
      const windows = windowsRig();
      return {
        get get() {
          return { node: windows.get.node, shownAt: linkAt };
        },
      };
    },
  },
];

async function mountsAt(path: string): Promise<string[]> {
  const mounts = (await readMountTable()).filter(({ mountPoint }) => mountPoint === path);
  return mounts.map(({ source }) => source);
}

/** The simulated Windows shows volumes by links to the directories that have their files. */
async function linkAt(path: string): Promise<string[]> {
  const entry = await lstat(path).catch(() => undefined);
  return entry?.isSymbolicLink() === true ? [await realpath(path)] : [];
}

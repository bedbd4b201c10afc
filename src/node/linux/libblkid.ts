import { StatusError } from "../../kit/errors.ts";
import { callInThread, nativeLibraries } from "../../kit/native.ts";

/** Signatures on a disk. "nothing" is no proof of a blank one. */
export type Findings =
  | "nothing"
  | "ambivalent"
  | {
      readonly type: string | undefined;
      readonly usage: string | undefined;
      readonly partitionTable: string | undefined;
    };

/** Looks for signatures on the disk itself, past every cache. */
export type Probe = (device: string) => Promise<Findings>;

/** <blkid.h>. */
const BLKID_SUBLKS_TYPE = 1 << 5;
const BLKID_SUBLKS_USAGE = 1 << 7;
const BLKID_PARTS_ENTRY_DETAILS = 1 << 2;
/** What blkid_do_safeprobe answers; all else is an error. */
const FOUND = 0;
const NOTHING_FOUND = 1;
const AMBIVALENT = -2;

/** Bytes of the largest floppy disk. On one with partitions, blkid(8) takes nothing for a file system. */
const FLOPPY = 1440n * 1024n;

/**
 * The probe of blkid(8) in this process, from the library which that program is made of. What reads the disk runs in a
 * thread of its own. Undefined where koffi or the library is missing.
 */
export function libblkidProbe(): Probe | undefined {
  const native = nativeLibraries();
  if (native === undefined) return undefined;
  try {
    const library = native.load("libblkid.so.1");
    const newProbe = library.func("void *blkid_new_probe_from_filename(const char *device)");
    const freeProbe = library.func("void blkid_free_probe(void *probe)");
    const enableSuperblocks = library.func("int blkid_probe_enable_superblocks(void *probe, int enable)");
    const superblocksFlags = library.func("int blkid_probe_set_superblocks_flags(void *probe, int flags)");
    const enablePartitions = library.func("int blkid_probe_enable_partitions(void *probe, int enable)");
    const partitionsFlags = library.func("int blkid_probe_set_partitions_flags(void *probe, int flags)");
    const safeProbe = library.func("int blkid_do_safeprobe(void *probe)");
    const sizeOf = library.func("int64_t blkid_probe_get_size(void *probe)");
    const isWholeDisk = library.func("int blkid_probe_is_wholedisk(void *probe)");
    const lookup = library.func(
      "int blkid_probe_lookup_value(void *probe, const char *name, _Out_ const char **value, void *length)",
    );

    const valueOf = (probe: unknown, name: string): string | undefined => {
      const value: [string | null] = [null];
      return lookup(probe, name, value, null) === 0 ? (value[0] ?? "") : undefined;
    };
    const findings = async (probe: unknown, device: string): Promise<Findings> => {
      const answer = await callInThread<number>(safeProbe, probe);
      if (answer === AMBIVALENT) return "ambivalent";
      if (answer === NOTHING_FOUND) return "nothing";
      if (answer !== FOUND) throw new StatusError("UNAVAILABLE", `${device} could not be probed to its end`);
      return {
        type: valueOf(probe, "TYPE"),
        usage: valueOf(probe, "USAGE"),
        partitionTable: valueOf(probe, "PTTYPE"),
      };
    };
    return async (device) => {
      const probe = await callInThread(newProbe, device);
      if (probe === null) throw new StatusError("UNAVAILABLE", `${device} could not be opened for a probe`);
      try {
        enablePartitions(probe, 1);
        if (BigInt(sizeOf(probe) as number) <= FLOPPY && isWholeDisk(probe) === 1) {
          enableSuperblocks(probe, 0);
          const partitions = await findings(probe, device);
          if (typeof partitions === "string" ? partitions === "ambivalent" : partitions.partitionTable)
            return partitions;
        }
        partitionsFlags(probe, BLKID_PARTS_ENTRY_DETAILS);
        enableSuperblocks(probe, 1);
        superblocksFlags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE);
        return await findings(probe, device);
      } finally {
        await callInThread(freeProbe, probe);
      }
    };
  } catch {
    return undefined;
  }
}

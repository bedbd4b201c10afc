import { readFile, writeFile } from "node:fs/promises";

/** What kubelet and the network's plugins set for the whole machine. */
const changed = ["kernel/panic", "kernel/panic_on_oops", "vm/overcommit_memory", "net/ipv4/ip_forward"];

/** Remembers the kernel's settings; what it returns sets them so again. */
export async function rememberKernelSettings(): Promise<() => Promise<void>> {
  const before = await Promise.all(
    changed.map(async (name) => [`/proc/sys/${name}`, await readFile(`/proc/sys/${name}`, "utf8")] as const),
  );
  return async () => {
    for (const [file, value] of before) {
      if ((await readFile(file, "utf8")) !== value) await writeFile(file, value);
    }
  };
}

import { devicePath, mountPath } from "./pods.ts";
import type { Namespace } from "./namespace.ts";

/** Bytes that a test writes and reads back. */
const MIB = 32;

/** Writes random bytes to a pod's volume, flushed; their checksum. */
export async function writeData(
  namespace: Namespace,
  pod: string,
  file = `${mountPath}/file`,
): Promise<string> {
  const write = `dd if=/dev/urandom of=${file} bs=1M count=${MIB} conv=fsync 2>/dev/null`;
  return await namespace.shell(pod, `${write}; ${read(file)}`);
}

/** The checksum of what `writeData` wrote, as it is read now. */
export async function readData(
  namespace: Namespace,
  pod: string,
  file = `${mountPath}/file`,
): Promise<string> {
  return await namespace.shell(pod, read(file));
}

/** The same of a volume that is a device. */
export const onDevice = devicePath;

const read = (file: string) => `dd if=${file} bs=1M count=${MIB} 2>/dev/null | sha256sum`;

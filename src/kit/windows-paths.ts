/** MAX_PATH of Windows: UTF-16 units of a path that every program can open, the zero at its end included. */
export const MAX_PATH = 260;

const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)/i;

/** True for the name of a device, which Windows has in every directory, whatever follows the name's first dot. */
export function isDeviceName(name: string): boolean {
  return DEVICE.test(name);
}

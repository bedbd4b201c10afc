const zeros = Buffer.alloc(1 << 20);

/** True when every byte is zero: compared with zeros, which is much faster than a loop. */
export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length);
    if (!zeros.subarray(0, part.length).equals(part)) return false;
  }
  return true;
}

/** A record of a KVP pool as hv_kvp_daemon writes it: key and value padded with zeros to 512 and 2048 bytes. */
export function kvpRecord(key: string | Buffer, value: string | Buffer): Buffer {
  const record = Buffer.alloc(512 + 2048);
  Buffer.from(key as string).copy(record, 0, 0, 512);
  Buffer.from(value as string).copy(record, 512, 0, 2048);
  return record;
}

export function kvpPool(pairs: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(Object.entries(pairs).map(([key, value]) => kvpRecord(key, value)));
}

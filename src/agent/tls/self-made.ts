import { mkdir } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { writeFileDurably } from "../../kit/durable-file.ts";
import { isThere } from "../../kit/is-there.ts";

const YEARS = 10;

/** Where an agent keeps a certificate of its own. */
export function selfMadeFiles(directory: string): { certFile: string; keyFile: string } {
  return { certFile: join(directory, "tls.crt"), keyFile: join(directory, "tls.key") };
}

/**
 * A certificate of its own for an agent that was given none: made at the first start, then kept. It is its own
 * authority, so that clients can be given it as their CA file, and names this machine's names and addresses.
 */
export async function selfMadeCertificate(directory: string): Promise<{ certFile: string; keyFile: string }> {
  const files = selfMadeFiles(directory);
  if (await isThere(files.certFile)) return files;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const notAfterDate = new Date();
  notAfterDate.setFullYear(notAfterDate.getFullYear() + YEARS);
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all);
  const { cert, private: key } = await generate([{ name: "commonName", value: hostname() }], {
    keyType: "ec",
    algorithm: "sha256",
    notAfterDate,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          ...[hostname(), "localhost"].map((value) => ({ type: 2 as const, value })),
          // A zone has no place in a certificate.
          ...addresses.map(({ address }) => ({ type: 7 as const, ip: address.split("%", 1)[0] ?? address })),
        ],
      },
    ],
  });
  // The key first: where the certificate is, its key is too.
  await writeFileDurably(files.keyFile, key);
  await writeFileDurably(files.certFile, cert);
  return files;
}

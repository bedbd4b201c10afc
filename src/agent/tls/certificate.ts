import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { StatusError } from "../../kit/errors.ts";

/** Where the agent's certificate is, all PEM. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Authorities one of which must have signed a client's certificate; undefined asks clients for none. */
  readonly clientCaFile: string | undefined;
}

/** What a TLS server is set up with. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer | undefined;
  /** SHA-256 of the certificate, in hex with colons, as browsers and openssl show it. */
  readonly fingerprint: string;
  readonly validTo: Date;
}

/** Reads a certificate and its key. @throws StatusError FAILED_PRECONDITION for files that are not a pair */
export async function readCertificate({
  certFile,
  keyFile,
  clientCaFile,
}: CertificateFiles): Promise<Certificate> {
  const [cert, key, ca] = await Promise.all([
    readPem(certFile),
    readPem(keyFile),
    clientCaFile === undefined ? undefined : readPem(clientCaFile),
  ]);
  try {
    createSecureContext({ cert, key, ...(ca === undefined ? {} : { ca }) });
    const { fingerprint256, validToDate } = new X509Certificate(cert);
    return { cert, key, ca, fingerprint: fingerprint256, validTo: validToDate };
  } catch (error) {
    const files = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])].join(", ");
    const message = `${files} are not a certificate and its key: ${StatusError.from(error).message}`;
    throw new StatusError("FAILED_PRECONDITION", message, error);
  }
}

async function readPem(path: string): Promise<Buffer> {
  return await readFile(path).catch((error: unknown) => {
    const message = `${path} can't be read: ${StatusError.from(error).message}`;
    throw new StatusError("FAILED_PRECONDITION", message, error);
  });
}

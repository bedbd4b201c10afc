import type { Log } from "../../kit/log.ts";
import { watchFiles } from "../../kit/watched-files.ts";
import { type Certificate, type CertificateFiles, readCertificate } from "./certificate.ts";
import { selfMadeCertificate } from "./self-made.ts";

/** What an administrator says about TLS. */
export interface TlsSettings {
  /** The certificate to serve; undefined: none on loopback, one of its own elsewhere. */
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly clientCaFile: string | undefined;
  /** Where a self-made certificate is kept. */
  readonly directory: string;
}

/** Files of the certificate to serve on an address; undefined for plain HTTP, which is for loopback only. */
export async function certificateFiles(
  { certFile, keyFile, clientCaFile, directory }: TlsSettings,
  isLoopback: boolean,
): Promise<CertificateFiles | undefined> {
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile, clientCaFile };
  if (isLoopback && clientCaFile === undefined) return undefined;
  return { ...(await selfMadeCertificate(directory)), clientCaFile };
}

const DAY_MS = 24 * 3600 * 1000;

/** Reads the certificate and says which it is. */
export async function loadCertificate(files: CertificateFiles, log: Log): Promise<Certificate> {
  const certificate = await readCertificate(files);
  const { fingerprint, validTo } = certificate;
  log.info(
    { file: files.certFile, fingerprint, validTo },
    `TLS certificate with SHA-256 fingerprint ${fingerprint}`,
  );
  if (validTo.getTime() < Date.now() + 14 * DAY_MS) {
    log.warn({ file: files.certFile, validTo }, "the TLS certificate ends soon, or has ended: renew it");
  }
  return certificate;
}

/** Serves a certificate that was renewed; while the files are not a pair, the one before is kept. */
export function watchCertificate(
  files: CertificateFiles,
  onRenewed: (certificate: Certificate) => void,
  log: Log,
): { close(): void } {
  const { certFile, keyFile, clientCaFile } = files;
  const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  return watchFiles(paths, () => {
    loadCertificate(files, log).then(onRenewed, (error: unknown) => {
      log.error({ err: error }, "the TLS certificate has changed and can't be used: the one before is kept");
    });
  });
}

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generate } from "selfsigned";
import { stringify } from "yaml";
import { apiServer } from "./addresses.ts";

/** Files by which the API server and its clients know each other. */
export interface Credentials {
  readonly certificate: string;
  readonly key: string;
  /** Signs and proves the tokens of service accounts. */
  readonly accountKey: string;
  readonly accountPublicKey: string;
  readonly tokens: string;
  readonly kubeconfig: string;
}

/** Makes them in a directory: a certificate that is its own authority, and an administrator with a token. */
export async function makeCredentials(directory: string): Promise<Credentials> {
  const file = (name: string) => join(directory, name);
  await mkdir(directory, { mode: 0o700 });
  const { cert, private: key } = await serverCertificate();
  const account = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const token = randomBytes(24).toString("hex");
  const made = {
    certificate: file("server.crt"),
    key: file("server.key"),
    accountKey: file("accounts.key"),
    accountPublicKey: file("accounts.pub"),
    tokens: file("tokens.csv"),
    kubeconfig: file("kubeconfig"),
  };
  await writeFile(made.certificate, cert);
  await writeFile(made.key, key);
  await writeFile(made.accountKey, account.privateKey);
  await writeFile(made.accountPublicKey, account.publicKey);
  await writeFile(made.tokens, `${token},administrator,administrator,"system:masters"\n`);
  await writeFile(made.kubeconfig, stringify(kubeconfig(made.certificate, token)));
  return made;
}

function serverCertificate() {
  return generate([{ name: "commonName", value: "kube-apiserver" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", digitalSignature: true, keyCertSign: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 7, ip: apiServer },
          { type: 2, value: "kubernetes.default.svc" },
        ],
      },
    ],
  });
}

function kubeconfig(authority: string, token: string) {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "e2e",
    contexts: [{ name: "e2e", context: { cluster: "e2e", user: "administrator" } }],
    clusters: [
      { name: "e2e", cluster: { server: `https://${apiServer}`, "certificate-authority": authority } },
    ],
    users: [{ name: "administrator", user: { token } }],
  };
}

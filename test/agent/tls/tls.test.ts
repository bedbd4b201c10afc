import { X509Certificate } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";
import { expect } from "chai";
import { execa } from "execa";
import { renewCertificate } from "../../../src/agent/rest/listener.ts";
import { readCertificate } from "../../../src/agent/tls/certificate.ts";
import { selfMadeCertificate } from "../../../src/agent/tls/self-made.ts";
import { certificateFiles, watchCertificate } from "../../../src/agent/tls/serve-certificate.ts";
import { createAgentClient } from "../../../src/agent-client/agent-client.ts";
import { TEST_KEY, testCall } from "../../support/agent.ts";
import { type EngineRig, engineRigs } from "../../support/engine-rig.ts";
import { expectFailure } from "../../support/failure.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { restServers } from "../../support/rest-server.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { until } from "../../support/until.ts";

describe("TLS of the agent", () => {
  const path = temporaryDirectory();
  const { log, lines } = recordedLog();
  const watches: { close(): void }[] = [];
  after(() => {
    for (const watch of watches) watch.close();
  });
  const serveRest = restServers();
  const newRig = engineRigs();
  let rig: EngineRig;

  before(async () => {
    rig = await newRig();
  });

  async function serve(certFile: string, keyFile: string, clientCaFile?: string) {
    const certificate = await readCertificate({ certFile, keyFile, clientCaFile });
    const { server } = await serveRest(rig.engine, { certificate }, undefined, log);
    const { port } = server.server.address() as AddressInfo;
    return { server, port, url: `https://127.0.0.1:${port}`, certificate };
  }

  it("is plain HTTP on loopback alone, unless a certificate is given", async () => {
    const none = { certFile: undefined, keyFile: undefined, clientCaFile: undefined, directory: path("own") };
    expect(await certificateFiles(none, true)).to.equal(undefined);
    expect(await certificateFiles(none, false)).to.have.property("certFile", path("own/tls.crt"));
    const given = { ...none, certFile: "a", keyFile: "b" };
    expect(await certificateFiles(given, true)).to.deep.equal({
      certFile: "a",
      keyFile: "b",
      clientCaFile: undefined,
    });
  });

  it("makes a certificate once, which clients can trust as their CA file", async () => {
    const { certFile, keyFile } = await selfMadeCertificate(path("self"));
    expect((await stat(keyFile)).mode & 0o777).to.equal(0o600);
    const { url, certificate } = await serve(certFile, keyFile);
    const ca = await readFile(certFile, "utf8");
    const { validFromDate, validToDate, fingerprint256 } = new X509Certificate(ca);
    expect(validToDate.getFullYear() - validFromDate.getFullYear()).to.equal(10);
    expect(certificate.fingerprint).to.equal(fingerprint256);
    const { stdout } = await execa("openssl", ["x509", "-in", certFile, "-noout", "-fingerprint", "-sha256"]);
    expect(stdout.split("=")[1]).to.equal(certificate.fingerprint);

    expect(await createAgentClient({ url, apiKey: TEST_KEY, ca }).listVms(testCall())).to.have.property(
      "VMs",
    );
    await expectFailure(
      createAgentClient({ url, apiKey: TEST_KEY }).listVms(testCall()),
      "UNAVAILABLE",
      /SELF_SIGNED_CERT: its certificate is not trusted; give its CA file/,
    );

    await selfMadeCertificate(path("self"));
    expect(await readFile(certFile, "utf8")).to.equal(ca);
  });

  it("speaks TLS 1.2 at least", async () => {
    const { port } = await serve(...files(await selfMadeCertificate(path("versions"))));
    const socket = connect({
      host: "127.0.0.1",
      port,
      rejectUnauthorized: false,
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
    });
    const outcome = await new Promise((resolve) => {
      socket.once("secureConnect", () => {
        resolve("connected");
      });
      socket.once("error", () => {
        resolve("refused");
      });
    });
    socket.destroy();
    expect(outcome).to.equal("refused");
  });

  it("takes a renewed certificate, and keeps the one before while the files are not a pair", async () => {
    const first = await selfMadeCertificate(path("first"));
    const second = await selfMadeCertificate(path("second"));
    const { server, port } = await serve(...files(first));
    watches.push(
      watchCertificate(
        { ...first, clientCaFile: undefined },
        (renewed) => {
          renewCertificate(server.server, renewed);
        },
        log,
      ),
    );
    const before = await fingerprintAt(port);
    await writeFile(first.certFile, await readFile(second.certFile));
    await until(
      () => lines().some(({ msg }) => String(msg).includes("the one before is kept")),
      "the bad pair is told",
    );
    expect(await fingerprintAt(port)).to.equal(before);
    await writeFile(first.keyFile, await readFile(second.keyFile));
    const renewed = new X509Certificate(await readFile(second.certFile)).fingerprint256;
    await until(async () => (await fingerprintAt(port)) === renewed, "the new one is served");
  });

  it("asks clients for a certificate when it has an authority for them", async () => {
    const server = await selfMadeCertificate(path("server"));
    const client = await clientCertificate(path("client"));
    const stranger = await clientCertificate(path("stranger"));
    const { port } = await serve(server.certFile, server.keyFile, client.certFile);
    const statusWith = async (who?: { certFile: string; keyFile: string }) => {
      const own = who && { cert: await readFile(who.certFile), key: await readFile(who.keyFile) };
      return await new Promise((resolve) => {
        const call = request(
          {
            host: "127.0.0.1",
            port,
            path: "/vms",
            agent: false,
            rejectUnauthorized: false,
            headers: { "X-Api-Key": TEST_KEY },
            ...own,
          },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        );
        call.once("error", () => {
          resolve("refused");
        });
        call.end();
      });
    };
    expect(await statusWith()).to.equal("refused");
    expect(await statusWith(stranger)).to.equal("refused");
    expect(await statusWith(client)).to.equal(200);
  });

  it("refuses files that are no certificate and its key, by name", async () => {
    const { certFile } = await selfMadeCertificate(path("a"));
    const { keyFile } = await selfMadeCertificate(path("b"));
    await expectFailure(
      readCertificate({ certFile, keyFile, clientCaFile: undefined }),
      "FAILED_PRECONDITION",
      /a\/tls.crt, .*b\/tls.key are not a certificate and its key/,
    );
    await expectFailure(
      readCertificate({ certFile, keyFile: path("none"), clientCaFile: undefined }),
      "FAILED_PRECONDITION",
      /none can't be read/,
    );
  });
});

function files({ certFile, keyFile }: { certFile: string; keyFile: string }): [string, string] {
  return [certFile, keyFile];
}

async function fingerprintAt(port: number): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  await new Promise((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

async function clientCertificate(prefix: string): Promise<{ certFile: string; keyFile: string }> {
  const made = { certFile: `${prefix}.crt`, keyFile: `${prefix}.key` };
  const name = ["-subj", "/CN=client", "-addext", "extendedKeyUsage=clientAuth"];
  const kind = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "1",
  ];
  await execa("openssl", [...kind, ...name, "-keyout", made.keyFile, "-out", made.certFile]);
  return made;
}

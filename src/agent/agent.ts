import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { readKeyFile } from "./access/key-file.ts";
import { KeyRing } from "./access/key-ring.ts";
import { watchKeys } from "./access/watch-keys.ts";
import { openAuditLog } from "./audit/audit-log.ts";
import { auditedEngine } from "./audit/audited-engine.ts";
import { openEngine } from "./engine/open-engine.ts";
import { knownPoolsIn } from "./engine/pool/known-pools.ts";
import type { PoolPlace } from "./engine/pool/pool.ts";
import type { EngineSettings } from "./engine/settings.ts";
import { type HostSettings, openHost } from "./hosts/open-host.ts";
import type { ListenAddress } from "./listen-address.ts";
import type { ServedGroups } from "./rest/group-check.ts";
import { renewCertificate } from "./rest/listener.ts";
import { createRestServer, type RestSettings } from "./rest/server.ts";
import {
  certificateFiles,
  loadCertificate,
  type TlsSettings,
  watchCertificate,
} from "./tls/serve-certificate.ts";

export interface AgentSettings {
  readonly pools: readonly PoolPlace[];
  readonly groups: ServedGroups;
  readonly host: HostSettings;
  readonly keyFile: string;
  readonly listen: ListenAddress;
  readonly tls: TlsSettings;
  readonly engine: EngineSettings;
  readonly rest: Omit<RestSettings, "certificate" | "groups">;
  /** Where the agent keeps what is its own, as opposed to its pools'. */
  readonly stateDirectory: string;
  /** File of the audit log; undefined writes it to the log. */
  readonly auditFile: string | undefined;
  /** What another process is told of us that wants the same pool. */
  readonly owner: string;
}

export interface RunningAgent {
  readonly url: string;
  /** Ends running requests, then lets the pool go. Attachments stay. */
  close(): Promise<void>;
}

/** Opens the pools, recovers them, and serves them. */
export async function startAgent(settings: AgentSettings, metrics: Metrics, log: Log): Promise<RunningAgent> {
  const { listen, groups, pools, owner, keyFile } = settings;
  const opened: { close(): void | Promise<void> }[] = [];
  const close = async () => {
    for (const part of opened.toReversed()) await part.close();
  };
  try {
    const keys = new KeyRing(await readKeyFile(keyFile));
    const files = await certificateFiles(settings.tls, listen.isLoopback);
    const certificate = files && (await loadCertificate(files, log));
    const audit = openAuditLog(settings.auditFile, log);
    opened.push(audit);
    const host = await openHost(settings.host, metrics, log);
    opened.push(host);
    const { engine, close: closeEngine } = await openEngine(
      { pools, groups, owner, known: await knownPoolsIn(join(settings.stateDirectory, "pools.json")) },
      host,
      settings.engine,
      metrics,
      log,
    );
    opened.push({ close: closeEngine });
    const server = createRestServer(
      auditedEngine(engine, audit.note),
      keys,
      { ...settings.rest, certificate, groups },
      metrics,
      log,
    );
    opened.push(server, watchKeys(keyFile, keys, log));
    if (files) {
      const renew = renewCertificate.bind(undefined, server.server);
      opened.push(watchCertificate(files, renew, log));
    }
    await server.listen({ host: listen.host, port: listen.port });
    const url = urlOf(listen.host, server.server.address() as AddressInfo, certificate !== undefined);
    log.info({ url, group: groups[0] }, "agent is ready");
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where clients find the agent: an agent on all addresses is known by its name. */
function urlOf(host: string, { port }: AddressInfo, secure: boolean): string {
  const known = host === "0.0.0.0" || host === "::" ? hostname() : host;
  return `${secure ? "https" : "http"}://${known.includes(":") ? `[${known}]` : known}:${port}`;
}

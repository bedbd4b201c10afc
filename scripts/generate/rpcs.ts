import {
  controllerTable,
  groupControllerTable,
  snapshotMetadataTable,
} from "../../src/controller/rpc-table.ts";
import { ASKS_NOBODY, type RpcFacts } from "../../src/csi/rpc-facts.ts";
import type { IdentityRpcs } from "../../src/csi/rpc.ts";
import { nodeTable } from "../../src/node/rpc-table.ts";
import { asCode, markdownTable } from "./markdown.ts";

const identityTable = {
  GetPluginInfo: ASKS_NOBODY,
  GetPluginCapabilities: ASKS_NOBODY,
  Probe: ASKS_NOBODY,
} as const satisfies Record<keyof IdentityRpcs, RpcFacts>;

/** Every RPC that the driver serves, by service. */
export const rpcTables: Readonly<Record<string, Readonly<Record<string, RpcFacts>>>> = {
  Identity: identityTable,
  Controller: controllerTable,
  GroupController: groupControllerTable,
  SnapshotMetadata: snapshotMetadataTable,
  Node: nodeTable,
};

const introduction = `# CSI calls

<!-- Made from the tables in src/controller/rpc-table.ts and src/node/rpc-table.ts by \`npm run generate\`: do not edit. -->

Every RPC that the driver serves: what makes a repeated call the same one, what it holds while it runs, and which
[requests](volume-service-api.md) it makes to agents. \`:id\` is an id, or the name of what is made.

- A repeated call that arrives while the first one runs joins it on the agent; on the node it is ABORTED at once, and
  succeeds when it is repeated after that.
- A call that has to wait for a lock longer than its deadline is ABORTED, and told what runs.
- A handle without a group costs \`GET /volume/:id\` of every agent more.
- Lists and capacities ask every group, or the one that the call names.
- Beside calls the controller looks at agents with \`GET /healthz\`. The node never speaks to an agent.
`;

/** The page of the CSI calls. */
export function rpcsPage(): Promise<string> {
  const sections = Object.entries(rpcTables).map(
    ([service, table]) =>
      `\n## ${service}\n\n${markdownTable(["RPC", "same call by", "lock", "requests to agents"], Object.entries(table).map(row))}`,
  );
  return Promise.resolve(introduction + sections.join(""));
}

function row([name, { key, lock, host }]: [string, RpcFacts]): string[] {
  const requests = Object.entries(host).map(([situation, calls]) => {
    const listed = calls.map(asCode).join(", ");
    return situation === "" ? listed : `${situation}: ${listed}`;
  });
  return [asCode(name), key, lock, requests.join("; ") || "none"];
}
